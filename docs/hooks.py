"""MkDocs hooks of the book, whose pages are also read as they stand and compiled by rustdoc."""

import re


def on_page_markdown(markdown, **_):
    """Drops what MkDocs does not know: rustdoc's words behind a language (`rust,no_run`), and `\\|` in tables."""
    markdown = re.sub(r"^```rust,\S+$", "```rust", markdown, flags=re.MULTILINE)
    return re.sub(r"^\|.*$", lambda row: row.group().replace("\\|", "|"), markdown, flags=re.MULTILINE)
