"""The policy file: one document read from files, and written to one."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path

from governance.engine.document.policy import PolicyDocument
from governance.policy.checks.structure import check_structure
from governance.policy.checks.validate import check
from governance.policy.document.canonical import normalise
from governance.policy.document.errors import PolicyError, PolicyErrors
from governance.policy.document.merge import merge
from governance.policy.document.node import Node
from governance.policy.files.json_reader import read_json
from governance.policy.files.yaml_reader import read_yaml
from governance.policy.files.yaml_writer import write_yaml
from governance.policy.schema.sections import POLICY

__all__ = ["PolicyError", "PolicyErrors", "canonical_text", "parse_policy", "policy_files", "read_policy", "write_yaml"]

MAX_BYTES = 64 << 20
"""How large all files of a policy together may be."""

SUFFIXES = (".yaml", ".yml", ".json")


def read_policy(paths: str | Path | Iterable[str | Path]) -> PolicyDocument:
    """The canonical document that files, or folders of files, hold together.

    A folder stands for its `.yaml`, `.yml` and `.json` files, sorted by name, without sub-folders and hidden files.
    Raises `PolicyErrors` with every fault of every file; a file that cannot be read is one of them.
    """
    given = [paths] if isinstance(paths, str | Path) else list(paths)
    errors: list[PolicyError] = []
    texts: list[tuple[str, str]] = []
    left = MAX_BYTES
    for file in policy_files([Path(path) for path in given], errors):
        try:
            raw = _read(file, left)
        except (OSError, ValueError) as error:
            reason = error.strerror or type(error).__name__ if isinstance(error, OSError) else str(error)
            errors.append(PolicyError(file=str(file), message=f"cannot be read: {reason}"))
            continue
        left -= len(raw)
        try:
            texts.append((str(file), raw.decode("utf-8-sig")))
        except UnicodeDecodeError as error:
            line = raw.count(b"\n", 0, error.start) + 1
            errors.append(PolicyError(file=str(file), line=line, message=f"is not UTF-8 (byte {error.start})"))
    return _parsed(texts, errors)


def parse_policy(text: str, *, name: str = "policy.yaml") -> PolicyDocument:
    """The canonical document that one text holds; read as JSON where `name` ends so. Raises `PolicyErrors`."""
    return _parsed([(name, text)], [])


def canonical_text(text: str, *, name: str) -> str:
    """One file of a policy in canonical form, of the kind that its name says.

    The file may be a part of a policy, so what it refers to is not checked; raises `PolicyErrors` for what has not
    even the shape of one.
    """
    is_json = name.endswith(".json")
    tree, errors = (read_json if is_json else read_yaml)(text, file=name)
    if tree is not None and not errors:
        check_structure(tree, POLICY, errors)
    errors = [error for error in errors if error.message != "toolgate is missing"]
    if tree is None or errors:
        raise PolicyErrors(errors)
    document = normalise(tree.plain())
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n" if is_json else write_yaml(document)


def policy_files(paths: Sequence[Path], errors: list[PolicyError]) -> list[Path]:
    """The files that `paths` stand for; what is missing or holds no policy is appended to `errors`."""
    files: list[Path] = []
    for path in paths:
        if path.is_dir():
            inside = sorted(
                entry
                for entry in path.iterdir()
                if entry.suffix in SUFFIXES and not entry.name.startswith(".") and entry.is_file()
            )
            if not inside:
                errors.append(PolicyError(file=str(path), message="holds no .yaml or .json file"))
            files.extend(inside)
        elif not path.exists():
            errors.append(PolicyError(file=str(path), message="does not exist"))
        elif path.suffix not in SUFFIXES:
            errors.append(PolicyError(file=str(path), message="is no .yaml or .json file"))
        else:
            files.append(path)
    return files


def _read(file: Path, left: int) -> bytes:
    with file.open("rb") as handle:
        raw = handle.read(left + 1)
    if len(raw) > left:
        raise ValueError(f"the policy is larger than {MAX_BYTES >> 20} MiB")
    return raw


def _parsed(texts: Sequence[tuple[str, str]], errors: list[PolicyError]) -> PolicyDocument:
    trees: list[Node] = []
    for name, text in texts:
        reader = read_json if name.endswith(".json") else read_yaml
        tree, faults = reader(text, file=name)
        errors.extend(faults)
        if tree is None:
            continue
        if isinstance(tree.content, dict):
            trees.append(tree)
        else:
            errors.append(tree.error("is no mapping; a policy starts with toolgate: 1"))
    if trees:
        root, twice = merge(trees)
        errors.extend(twice)
        # Where reading already found a fault, what follows from it is noise.
        known = {(error.file, error.path) for error in errors}
        errors.extend(error for error in check(root) if (error.file, error.path) not in known)
        if not errors:
            return normalise(root.plain())
    order = {name: place for place, (name, _) in enumerate(texts)}
    raise PolicyErrors(sorted(errors, key=lambda error: (order.get(error.file, -1), error.line)))
