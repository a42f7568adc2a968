"""Small manifests that the tests change in one place."""

from textwrap import dedent, indent

from orchestration.manifest import Resource, load

HEAD = """\
apiVersion: plumbline/v1
kind: Workflow
metadata: {name: orders, version: 1.0.0, owner: checkout}
spec:
"""


def workflow(steps: str, spec: str = "") -> str:
    """A workflow; its steps begin in line 6 (or later by the lines of `spec`), indented by four."""
    return HEAD + indent(dedent(spec), "  ") + "  steps:\n" + indent(dedent(steps), "    ") + "\n"


def resource(kind: str, metadata: str, spec: str) -> str:
    return f"apiVersion: plumbline/v1\nkind: {kind}\nmetadata: {metadata}\nspec: {spec}\n"


def problems(text: str) -> list[str]:
    return [str(problem) for problem in load(text, "m.yaml").problems]


def only(text: str) -> Resource:
    loaded = load(text, "m.yaml")
    assert [str(problem) for problem in loaded.problems] == []
    (found,) = loaded.resources
    return found
