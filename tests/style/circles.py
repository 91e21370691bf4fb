"""Fails where files of one crate depend on each other in a circle.

A file depends on the files that define what it names: by `use`, by re-export, by a path in the code, and by `mod`, for
a parent whose child needs the parent's items is a circle too. A name is followed through re-exports to the file that
defines it, so that a façade is not a dependency.
"""

import re
import sys
from pathlib import Path

from rust_source import ROOT, code_of

_USE = re.compile(r"(?:pub(?:\([^)]*\))?\s+)?use\s+([^;]+);")
_PATH = re.compile(r"(?<![\w:])(\w+(?:\s*::\s*\w+)+)")


def crates():
    """The entry files of the workspace's libraries and of the command."""
    for source in [ROOT / "src", *sorted((ROOT / "crates").glob("*/src"))]:
        yield next(source / name for name in ("lib.rs", "main.rs") if (source / name).is_file())


class Crate:
    """The modules of one crate, each named by its path from the crate's root."""

    def __init__(self, entry):
        self.files, self.code = {}, {}
        self._add((), entry, entry.parent)
        self.imports = {module: dict(_imports(code)) for module, code in self.code.items()}

    def _add(self, module, file, folder):
        self.files[module] = file
        self.code[module] = _without_inline_modules(code_of(file))
        for name in re.findall(r"\bmod\s+(\w+)\s*;", self.code[module]):
            candidates = [folder / f"{name}.rs", folder / name / "mod.rs"]
            child = next((path for path in candidates if path.is_file()), None)
            if child:
                self._add((*module, name), child, folder / name)

    def dependencies(self, module):
        """The modules that define what this one names, and its children."""
        code = self.code[module]
        paths = [path for path in self.imports[module].values()]
        paths += [[part.strip() for part in path.split("::")] for path in _PATH.findall(_USE.sub("", code))]
        found = {self._resolve(module, path) for path in paths}
        found |= {child for child in self.files if child and child[:-1] == module}
        return found - {None, module}

    def _resolve(self, module, path, depth=0):
        """The module that defines the item of a path; `None` = one of another crate."""
        path = list(path)
        if not path or depth > 20:
            return None
        if path[0] == "crate":
            module, path = (), path[1:]
        elif path[0] == "self":
            path = path[1:]
        elif path[0] == "super":
            while path and path[0] == "super":
                module, path = module[:-1], path[1:]
        elif (*module, path[0]) not in self.files:
            imported = self.imports[module].get(path[0])
            if not imported or imported[0] == path[0]:
                return None
            return self._resolve(module, imported + path[1:], depth + 1)
        while path and (*module, path[0]) in self.files:
            module, path = (*module, path[0]), path[1:]
        if path and path[0] in self.imports[module]:
            defined = self._resolve(module, self.imports[module][path[0]] + path[1:], depth + 1)
            return defined if defined is not None else module
        return module


def _without_inline_modules(code):
    """The code with paths as from outside of inline modules, in which `super` is the file itself."""
    while inline := re.search(r"\bmod\s+\w+\s*\{", code):
        end, depth = inline.end(), 1
        while depth:
            depth += {"{": 1, "}": -1}.get(code[end], 0)
            end += 1
        body = re.sub(r"(?<!::)\bsuper::(super\b)?", lambda path: path[1] or "self::", code[inline.end() : end - 1])
        code = code[: inline.start()] + body + code[end:]
    return code


def _imports(code):
    """The names that a file's `use` declarations bring in, each with its path."""
    for tree in _USE.findall(code):
        yield from _branches([], tree)


def _branches(prefix, tree):
    for branch in _split(tree):
        group = re.fullmatch(r"([\w:\s]*?)(?:::)?\s*\{(.*)\}", branch, re.DOTALL)
        if group:
            yield from _branches(prefix + _parts(group[1]), group[2])
        else:
            path, _, alias = branch.partition(" as ")
            parts = prefix + _parts(path)
            if parts[-1] == "self":
                parts = parts[:-1]
            yield (alias.strip() or parts[-1]) if parts else "", parts


def _split(tree):
    """The parts between the commas that stand outside of braces."""
    depth, part = 0, ""
    for character in tree:
        depth += {"{": 1, "}": -1}.get(character, 0)
        if character == "," and depth == 0:
            yield part.strip()
            part = ""
        else:
            part += character
    if part.strip():
        yield part.strip()


def _parts(path):
    return [part.strip() for part in path.split("::") if part.strip()]


def circles(graph):
    """The strongly connected components of more than one node (Tarjan)."""
    index, low, stack, found = {}, {}, [], []

    def visit(node):
        index[node] = low[node] = len(index)
        stack.append(node)
        for target in graph[node]:
            if target not in index:
                visit(target)
                low[node] = min(low[node], low[target])
            elif target in stack:
                low[node] = min(low[node], index[target])
        if low[node] == index[node]:
            component = stack[stack.index(node) :]
            del stack[stack.index(node) :]
            if len(component) > 1:
                found.append(component)

    for node in graph:
        if node not in index:
            visit(node)
    return found


def main():
    sys.setrecursionlimit(10_000)
    failed = False
    for entry in crates():
        crate = Crate(entry)
        graph = {module: crate.dependencies(module) for module in crate.files}
        for circle in circles(graph):
            failed = True
            print(f"{entry.parent.relative_to(ROOT)}: a circle of {len(circle)} files")
            for module in circle:
                inside = [_name(crate, target) for target in sorted(graph[module]) if target in circle]
                print(f"  {_name(crate, module)} -> {', '.join(inside)}")
    print("circles of files: " + ("see above" if failed else "none"))
    return failed


def _name(crate, module):
    return str(Path(crate.files[module]).relative_to(ROOT))


if __name__ == "__main__":
    sys.exit(main())
