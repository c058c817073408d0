"""`String(value)` of JavaScript, for the values that may be part of a document's name."""

from __future__ import annotations

from decimal import Decimal


def js_text(value: object) -> str:
    """The text that JavaScript makes of a text, a boolean or a number; of others, what Python makes."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return _number(float(value))
    return str(value)


def _number(value: float) -> str:
    """ECMA-262, Number::toString: the shortest digits that give the number back, as plain as they can be."""
    sign, digits, exponent = Decimal(repr(value)).normalize().as_tuple()
    text = "".join(map(str, digits))
    point = len(text) + int(exponent)
    if not digits or not value:
        return "0"
    return ("-" if sign else "") + _placed(text, point)


def _placed(digits: str, point: int) -> str:
    """The digits with the decimal point behind as many of them, or an exponent where that gets too long."""
    if len(digits) <= point <= 21:
        return digits + "0" * (point - len(digits))
    if 0 < point <= 21:
        return f"{digits[:point]}.{digits[point:]}"
    if -6 < point <= 0:
        return f"0.{'0' * -point}{digits}"
    mantissa = digits if len(digits) == 1 else f"{digits[0]}.{digits[1:]}"
    return f"{mantissa}e{point - 1:+d}"
