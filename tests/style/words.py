"""Fails where a text uses words that taskback does not use, or where too many doc comments open with a relative clause."""

import re
import sys

from rust_source import ROOT, tracked

# Each has a technical word in this field: report, retry, redeliver, fix; a component is "it".
BANNED = re.compile(r"\b(told|untold|mend(?:s|ed|ing)?|nobody|somebody|whoever|whom)\b", re.IGNORECASE)
READ = ["*.md", "*.yaml", "*.toml", "src", "crates", "tests", "bench", "docs", "examples", "fuzz", "events"]
# The list itself, and texts that are data.
EXEMPT = re.compile(r"^tests/style/words\.py$|\.(png|svg|lock|json|bin)$")

OPENING = re.compile(
    r"^(What|Whether|Why|How|Who|Whose|Where|When|Whatever|Whichever|Which|That|As (?:far|long|much|many|often)) "
)
MAX_SHARE = 0.05


def banned():
    """Lines with a banned word."""
    for path in tracked(*READ):
        if EXEMPT.search(str(path)):
            continue
        for number, line in enumerate((ROOT / path).read_text(errors="replace").splitlines(), 1):
            if found := BANNED.search(line):
                yield f"{path}:{number}: {found.group()!r} is not a word of taskback: {line.strip()[:120]}"


def openings():
    """The first lines of the doc comments of the library and its crates, with their place."""
    for path in tracked("src/*.rs", "crates/*/src/*.rs"):
        before = ""
        for number, line in enumerate((ROOT / path).read_text().splitlines(), 1):
            doc = re.match(r"\s*(//[/!])(?: (.*)|$)", line)
            marker = doc[1] if doc else ""
            if marker and marker != before and doc[2]:
                yield path, number, doc[2]
            before = marker


def main():
    problems = list(banned())
    docs = list(openings())
    relative = [f"{path}:{number}: {text}" for path, number, text in docs if OPENING.match(text)]
    share = len(relative) / len(docs)
    print(f"{len(relative)} of {len(docs)} doc comments ({share:.1%}) open with a relative clause, at most {MAX_SHARE:.0%}")
    if share > MAX_SHARE:
        problems += relative
    print("\n".join(problems))
    return bool(problems)


if __name__ == "__main__":
    sys.exit(main())
