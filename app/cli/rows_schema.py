"""The JSON Schema of a destinations file."""

from __future__ import annotations

import json

from app.destinations.rows import Row


def rows_schema() -> str:
    """Return the JSON Schema of a destinations file, with which editors complete and check it."""
    row = Row.model_json_schema(by_alias=True)
    definitions = row.pop("$defs")
    row["properties"].pop("name")  # of the table, not in it
    row["required"].remove("name")
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A destinations file: a table for each vendor",
        "type": "object",
        "additionalProperties": {**row, "description": "A vendor; see docs/destinations.md"},
        "$defs": definitions,
    }
    return json.dumps(schema, indent=2) + "\n"
