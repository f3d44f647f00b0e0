"""The API reference as one plain page: no script, nothing from elsewhere, readable offline."""

from collections.abc import Iterator
from html import escape
from typing import Any

type Doc = dict[str, Any]

STYLE = """
:root { color-scheme: dark }
body { background: #101418; color: #dfe5ea; font: 15px/1.5 system-ui, sans-serif; max-width: 60rem;
  margin: 2rem auto; padding: 0 1rem }
a { color: #7ab7ff }
h2 { margin-top: 2.5rem; text-transform: capitalize }
code { font: 13px/1.5 ui-monospace, monospace }
pre { white-space: pre-wrap }
details { border: 1px solid #2a333c; border-radius: 6px; margin: .4rem 0; padding: .5rem .8rem }
summary { cursor: pointer }
summary b { display: inline-block; min-width: 4.5rem; color: #8fd18f }
summary i { float: right; color: #9aa7b2; font-style: normal }
table { border-collapse: collapse; width: 100% }
td { border-top: 1px solid #2a333c; padding: .25rem .8rem .25rem 0; vertical-align: top }
td:first-child { white-space: nowrap }
"""


def reference_page(document: Doc) -> str:
    info = document["info"]
    parts = [
        "<!doctype html><html lang=en><meta charset=utf-8>",
        "<meta name=viewport content='width=device-width'>",
        f"<title>{escape(info['title'])} API</title><style>{STYLE}</style>",
        f"<h1>{escape(info['title'])} API {escape(info['version'])}</h1>",
        f"<pre>{escape(info['description'])}</pre>",
        "<p>For programs: <a href=/openapi.json>openapi.json</a></p>",
        *_operations(document),
        "<h2>Schemas</h2>",
        *(_schema(name, schema) for name, schema in sorted(document["components"]["schemas"].items())),
    ]
    return "\n".join(parts)


def _operations(document: Doc) -> Iterator[str]:
    tags: dict[str, list[str]] = {}
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            tag = (operation.get("tags") or ["other"])[0]
            tags.setdefault(tag, []).append(_operation(path, method, operation))
    for tag, items in tags.items():
        yield f"<h2>{escape(tag)}</h2>"
        yield from items


def _operation(path: str, method: str, operation: Doc) -> str:
    role = operation.get("x-role", "anyone")
    rows = [_parameter_row(parameter) for parameter in operation.get("parameters", [])]
    rows += [_body_row(operation["requestBody"])] if "requestBody" in operation else []
    rows += [_response_row(status, response) for status, response in sorted(operation["responses"].items())]
    return (
        f"<details><summary><b>{escape(method.upper())}</b><code>{escape(path)}</code>"
        f"<i>{escape(role)}</i></summary><p>{escape(operation.get('description', ''))}</p>"
        f"<table>{''.join(rows)}</table></details>"
    )


def _parameter_row(parameter: Doc) -> str:
    what = f"{_type(parameter['schema'])} in {escape(parameter['in'])}"
    return _row(parameter["name"], what, parameter.get("description", ""))


def _body_row(body: Doc) -> str:
    kinds = ", ".join(
        f"{escape(kind)}: {_type(of.get('schema', {}))}" for kind, of in body["content"].items()
    )
    return _row("body", kinds, "")


def _response_row(status: str, response: Doc) -> str:
    kinds = response.get("content", {}).items()
    return _row(status, ", ".join(_type(of.get("schema", {})) for _, of in kinds), response["description"])


def _row(name: str, html: str, text: str) -> str:
    return f"<tr><td><code>{escape(name)}</code><td>{html}<td>{escape(text)}"


def _type(schema: Doc) -> str:
    """A schema in a few words; other schemas as links."""
    if name := str(schema.get("$ref", "")).rpartition("/")[2]:
        return f'<a href="#{escape(name)}">{escape(name)}</a>'
    if choices := schema.get("anyOf"):
        return " or ".join(_type(choice) for choice in choices)
    if "enum" in schema:
        return " | ".join(escape(str(value)) for value in schema["enum"])
    if schema.get("type") == "array":
        return f"list of {_type(schema.get('items', {}))}"
    return escape(str(schema.get("const", schema.get("type", "anything"))))


def _schema(name: str, schema: Doc) -> str:
    required = schema.get("required", [])
    rows = [
        _row(
            field + ("" if field in required or "required" not in schema else "?"),
            _type(about),
            about.get("description", ""),
        )
        for field, about in schema.get("properties", {}).items()
    ]
    content = f"<table>{''.join(rows)}</table>" if rows else _type(schema)
    return f'<details id="{escape(name)}" open><summary>{escape(name)}</summary>{content}</details>'
