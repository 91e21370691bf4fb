"""Rust source taken apart: code, comments and literals, without compiling it."""

import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

_TOKENS = re.compile(
    r"""(?P<comment>//[^\n]*|/\*.*?\*/)
      | (?P<raw>b?r(?P<hashes>\#*)".*?"(?P=hashes))
      | (?P<string>b?"(?:\\.|[^"\\])*")
      | (?P<char>b?'(?:\\(?:u\{[0-9a-fA-F]+\}|x[0-9a-fA-F]{2}|.)|[^'\\])')""",
    re.VERBOSE | re.DOTALL,
)


def tracked(*patterns):
    """Paths of the files that git knows or would add, relative to the root."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", *patterns]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return sorted({Path(line) for line in listed.splitlines() if (ROOT / line).is_file()})


def segments(text):
    """Yields (kind, text), where kind is "code", "comment" or "literal"; together they are the source."""
    end = 0
    for token in _TOKENS.finditer(text):
        if token.start() > end:
            yield "code", text[end : token.start()]
        yield ("comment" if token["comment"] else "literal"), token.group()
        end = token.end()
    if end < len(text):
        yield "code", text[end:]


def code_of(path):
    """The code of a file without comments, the content of literals, and its unit tests."""
    blank = {"code": lambda text: text, "comment": lambda _: " ", "literal": lambda _: '""'}
    return without_tests("".join(blank[kind](text) for kind, text in segments(path.read_text())))


_TEST_MODULE = re.compile(
    r"#\[cfg\((?:all\()?test[^\]]*\]\s*(?:#\[[^\]]*\]\s*)*(?:pub(?:\([^)]*\))?\s+)?mod\s+\w+\s*(?P<open>[{;])"
)


def without_tests(code):
    """The code without its modules under cfg(test)."""
    while module := _TEST_MODULE.search(code):
        end = module.end()
        depth = 1 if module["open"] == "{" else 0
        while depth:
            depth += {"{": 1, "}": -1}.get(code[end], 0)
            end += 1
        code = code[: module.start()] + code[end:]
    return code
