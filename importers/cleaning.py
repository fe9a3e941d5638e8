"""The SQL that turns a staged value into a field's value, and the condition under which it cannot."""

from dataclasses import dataclass

from psycopg import sql
from psycopg.sql import Composable

from gisapp.layer import Type
from importers.plan import Filled, Plan

_CODES = {
    Type.INTEGER: "not-an-integer",
    Type.NUMBER: "not-a-decimal",
    Type.BOOLEAN: "not-a-boolean",
    Type.DATE: "not-a-date",
}
_INTEGER = r"^[+-]?\d{1,18}([.,]0+)?$"
_NUMBER = r"^[+-]?(\d+([.,]\d*)?|[.,]\d+)([eE][+-]?\d{1,2})?$"

# PostgreSQL's own cast raises for the 31st of February and would end the whole statement.
DATE_FUNCTION = r"""
CREATE OR REPLACE FUNCTION pg_temp.import_date(value text) RETURNS date LANGUAGE plpgsql STABLE AS $$
BEGIN
    IF value ~ '^\d{1,2}\.\d{1,2}\.\d{4}$' THEN RETURN to_date(value, 'DD.MM.YYYY'); END IF;
    IF value ~ '^\d{4}-\d{2}-\d{2}' THEN RETURN to_date(left(value, 10), 'YYYY-MM-DD'); END IF;
    IF value ~ '^\d{8}$' THEN RETURN to_date(value, 'YYYYMMDD'); END IF;
    RETURN NULL;
EXCEPTION WHEN datetime_field_overflow OR invalid_datetime_format THEN RETURN NULL;
END $$"""


@dataclass(frozen=True)
class Cleaned:
    """`value` is the field's value; `text` what the file says; where `faulty` is true it cannot be had, for `code`."""

    value: Composable
    text: Composable
    faulty: Composable | None
    code: str


def _text(one: Filled) -> Composable:
    """What the file says, trimmed, NULL where empty, and translated by the mapping's table of values."""
    raw = sql.Identifier(one.raw)
    if one.kind == "text":
        text: Composable = sql.SQL("nullif(btrim({}), '')").format(raw)
    elif one.kind == "float":
        text = sql.SQL(
            "CASE WHEN {0} = trunc({0}) AND abs({0}) < 1e15 THEN {0}::bigint::text ELSE {0}::text END"
        ).format(raw)
    else:
        text = sql.SQL("{}::text").format(raw)
    if not one.values:
        return text
    cases = [sql.SQL("WHEN {} THEN {}").format(sql.Literal(key), sql.Literal(ours))
             for key, ours in one.values.items() if key != "*"]  # fmt: skip
    other = sql.Literal(one.values["*"]) if "*" in one.values else text
    if not cases:
        return other
    return sql.SQL("CASE {} {} ELSE {} END").format(text, sql.SQL(" ").join(cases), other)


def _integer(plan: Plan, one: Filled, text: Composable) -> Composable:
    raw = sql.Identifier(one.raw)
    if one.kind == "int" and not one.values:
        value: Composable = raw
    elif one.kind == "float" and not one.values:
        value = sql.SQL("CASE WHEN {0} = trunc({0}) AND abs({0}) < 9e17 THEN {0}::bigint END").format(raw)
    else:
        value = sql.SQL("CASE WHEN {0} ~ {1} THEN split_part(translate({0}, ',', '.'), '.', 1)::bigint END").format(
            text, sql.Literal(_INTEGER)
        )
    limits = plan.range_of(one.field)
    if limits is None:
        return value
    return sql.SQL("CASE WHEN {0} BETWEEN {1} AND {2} THEN {0} END").format(value, *map(sql.Literal, limits))


def _converted(plan: Plan, one: Filled, text: Composable) -> Composable:
    raw = sql.Identifier(one.raw)
    if one.field.type is Type.INTEGER:
        return _integer(plan, one, text)
    if one.field.type is Type.NUMBER:
        if one.kind in ("int", "float") and not one.values:
            return sql.SQL("{}::float8").format(raw)
        return sql.SQL("CASE WHEN {0} ~ {1} THEN translate({0}, ',', '.')::float8 END").format(
            text, sql.Literal(_NUMBER)
        )
    if one.field.type is Type.BOOLEAN:
        if one.kind == "bool" and not one.values:
            return raw
        return sql.SQL(
            "CASE WHEN lower({0}) IN ('true', 'yes', 'ja', 'j', 'y', 't', '1', 'wahr') THEN true"
            " WHEN lower({0}) IN ('false', 'no', 'nein', 'n', 'f', '0', 'falsch') THEN false END"
        ).format(text)
    if one.field.type in (Type.DATE, Type.DATETIME):
        return sql.SQL("pg_temp.import_date({})").format(text)
    return text


def cleaned(plan: Plan, one: Filled) -> Cleaned:
    """How the field's value comes out of the raw staging table."""
    if one.constant is not None:
        literal = sql.Literal(one.constant)
        return Cleaned(literal, sql.SQL("{}::text").format(literal), None, "")
    text = _text(one)
    template = plan.target.cleans.get(one.field.name)
    if template:
        text = sql.SQL("({})").format(sql.SQL(template).format(value=text))
    value = _converted(plan, one, text)
    code = _CODES.get(one.field.type, "")
    faulty = sql.SQL("({} IS NOT NULL AND {} IS NULL)").format(text, value) if code and value is not text else None
    direct = {Type.INTEGER: "int", Type.BOOLEAN: "bool"}.get(one.field.type) == one.kind and not one.values
    if direct and plan.range_of(one.field) is None:
        faulty = None
    return Cleaned(value, text, faulty, code)


def with_default(plan: Plan, one: Filled, value: Composable) -> Composable:
    """The value or, where the column must have one, its default."""
    model_field = plan.model_field(one.field)
    default = plan.default(one.field)
    if one.constant is None and default is not None and not model_field.null:
        return sql.SQL("coalesce({}, {})").format(value, sql.Literal(default))
    return value
