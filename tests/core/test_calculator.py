import time
from contextlib import suppress
from decimal import Decimal, localcontext

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.core.calculator import CalculatorError, as_number, as_text, calculate
from engine.core.expressions import LIMITS

NAMES = {"x": 0.1, "n": 7, "d": Decimal("2.5"), "yes": True, "text": "1", "big": 10**50, "inf": float("inf")}


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        ("0.1+0.2", "0.3"),
        ("-2^2", "-4"),
        ("(-2)^2", "4"),
        ("2**3**2", "512"),
        ("2^-1", "0.5"),
        ("-7%3", "-1"),
        ("7%-3", "1"),
        ("7 % 0.1", "0"),
        ("1 + 2 * 3 - 4 / 8", "6.5"),
        ("10 - 3 - 2", "5"),
        ("--2 + +3", "5"),
        ("1/3*3", "1"),
        ("1/3", "0." + "3" * 50),
        ("2/3", "0." + "6" * 49 + "7"),
        ("sqrt(2)^2", "2"),
        ("round(2.675,2)", "2.68"),
        ("round(-2.5)", "-3"),
        ("round(2.5)", "3"),
        ("round(1250, -2)", "1300"),
        ("round(1.5, 400)", "1.5"),
        ("floor(-1.5) + ceil(-1.5)", "-3"),
        ("abs(-3) + min(3, 1, 2) + max(3)", "7"),
        ("exp(1)", "2.7182818284590452353602874713526624977572470937"),
        ("ln(exp(2)) + log10(1000)", "5"),
        ("2**0.5", "1.4142135623730950488016887242096980785696718753769"),
        ("1.50 * 2", "3"),
        ("10.5e1 + .5", "105.5"),
        ("-0", "0"),
        ("0*-1", "0"),
        ("100000000000000000000 * 100000000000", "1e+31"),
        (
            "12345678901234567890123456789012345678901234567890",
            "12345678901234567890123456789012345678901234567890",
        ),
        ("1e-20", "0.00000000000000000001"),
        ("1e-60", "1e-60"),
        ("x + x + x", "0.3"),
        ("n * d", "17.5"),
        (" ( ( n ) ) \n", "7"),
    ],
)
def test_a_calculation_means_what_people_mean(expression, text):
    assert as_text(calculate(expression, NAMES)) == text


@pytest.mark.parametrize(
    ("expression", "position", "words"),
    [
        ("", 1, "found the end"),
        ("1 +", 4, "found the end"),
        ("3 000", 3, "no blanks or separators between digits"),
        ("1,5", 2, "Write 1.5 with a point"),
        ("1_000", 1, "'1_000' is not a number"),
        ("１+1", 1, "Unexpected '１'"),
        ("2 × 3", 3, "Unexpected '×'"),
        ("1.", 1, "'1.' is not a number"),
        ("1.2.3", 1, "'1.2.3' is not a number"),
        ("0x10", 1, "'0x10' is not a number"),
        ("2x", 1, "'2x' is not a number"),
        ("1e", 1, "'1e' is not a number"),
        ("(1", 3, "Expected ')', found the end"),
        ("1)", 2, "found ')'"),
        ("2 ^^ 3", 4, "found '^'"),
        ("5!", 2, "Unexpected '!'"),
        ("50%", 4, "found the end"),
        ("max(1,)", 7, "found ')'"),
        ("max(1 2)", 7, "Expected ','"),
        ("round()", 1, "round() takes one or two values, not 0"),
        ("sqrt(1, 2)", 1, "sqrt() takes one value, not 2"),
        ("min()", 1, "min() takes one or more values, not 0"),
        ("1 + sin(1)", 5, "There is no function 'sin'. Known: abs, ceil"),
        ("nope", 1, "'nope' is not known. Known: "),
        ("nan", 1, "'nan' is not known"),
        ("Infinity", 1, "'Infinity' is not known"),
        ("yes + 1", 1, "'yes' is not a number"),
        ("text + 1", 1, "'text' is not a number"),
        ("1 + big", 5, "'big' has more than 50 digits"),
        ("inf", 1, "'inf' is not finite"),
        ("1/0", 2, "Division by zero"),
        ("1 % 0", 3, "Division by zero"),
        ("1/(2-2)", 2, "Division by zero"),
        ("0**-1", 2, "no finite result"),
        ("0^0", 2, "not defined"),
        ("sqrt(-1)", 1, "not defined"),
        ("1 + ln(0)", 5, "no finite result"),
        ("ln(-1)", 1, "not defined"),
        ("(-8)^(1/3)", 5, "not defined"),
        ("9**9**9", 2, "A power above 10000"),
        ("round(1, 0.5)", 1, "not defined"),
        ("exp(1e999)", 1, "beyond 1e999"),
        ("exp(-1e999)", 1, "too close to zero"),
        ("__import__('os')", 12, "Unexpected"),
        ("x.real", 2, "Unexpected '.'"),
    ],
)
def test_what_has_no_result_is_an_error_with_its_position(expression, position, words):
    with pytest.raises(CalculatorError) as caught:
        calculate(expression, NAMES)
    assert words in caught.value.detail
    assert caught.value.extra == {"position": position}
    assert caught.value.code == "calculator_error"


@pytest.mark.parametrize(
    ("fits", "too_much", "words"),
    [
        ("1" + " " * 1_999, "1" + " " * 2_000, "2000 characters"),
        ("1" * 50, "1" * 51, "at most 50 digits"),
        ("0." + "1" * 50, "0." + "1" * 51, "at most 50 digits"),
        ("-" * 48 + "1", "-" * 49 + "1", "48 levels deep"),
        ("(" * 48 + "1" + ")" * 48, "(" * 49 + "1" + ")" * 49, "48 levels deep"),
        ("1**" * 48 + "1", "1**" * 49 + "1", "48 levels deep"),
        ("abs(" * 24 + "1" + ")" * 24, "abs(" * 49 + "1" + ")" * 49, "48 levels deep"),
        ("1e999", "1e1000", "beyond 1e999"),
        ("1e998*10", "1e999*10", "beyond 1e999"),
        ("1e-999", "1e-1000", "too close to zero"),
        ("1e-998/10", "1e-999/10", "too close to zero"),
        ("1**10000", "1**10001", "power above 10000"),
        ("2**-3000", "2**-10001", "power above 10000"),
        ("1.0000001**10000", "1**10000.5", "power above 10000"),
    ],
)
def test_each_limit_holds_at_n_and_refuses_n_plus_1(fits, too_much, words):
    assert calculate(fits).is_finite()
    with pytest.raises(CalculatorError, match=words):
        calculate(too_much)


@pytest.mark.parametrize(
    "expression",
    [
        "9**9**9",
        "9^9^9^9^9",
        "1e999**10000",
        "1.1**9999.9",
        "exp(1e999)",
        "exp(exp(exp(10)))",
        "ln(1e-999)",
        "9" * 1_999,
        "0." + "0" * 1_999 + "1",
        "1e" + "9" * 1_999,
        "1+" * 999 + "1",
        "(" * 1_999,
        "-" * 1_999,
        "2**" * 600 + "2",
        "max(" + "1," * 990 + "1)",
        "exp(0.9)*" * 200 + "1",
        "1.0001**9999*" * 140 + "1",
        "x" * 1_999,
        " " * 1_999,
        "." * 1_999,
        "x(" * 999,
    ],
    ids=lambda text: text[:12],
)
def test_a_hostile_calculation_ends_within_50_ms(expression):
    took = []
    for _ in range(3):
        start = time.thread_time()
        with suppress(CalculatorError):
            assert calculate(expression, NAMES).is_finite()
        took.append(time.thread_time() - start)
    assert min(took) < 0.05


def test_the_result_does_not_depend_on_the_decimal_context_around():
    with localcontext() as context:
        context.prec = 3
        assert as_text(calculate("1/3")) == "0." + "3" * 50
        assert as_text(calculate("-12345.678")) == "-12345.678"
        assert as_number(Decimal(2**63 - 1)) == 2**63 - 1


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("9.7", 9.7),
        ("9.0", 9),
        ("-9223372036854775807", -9223372036854775807),
        ("9223372036854775808", 9.223372036854775808e18),
        ("1e300", 1e300),
        ("1e309", None),
        ("-1e999", None),
        ("1e-999", 0.0),
    ],
)
def test_a_result_as_a_number_is_json_or_nothing(text, number):
    found = as_number(Decimal(text))
    assert found == number
    assert type(found) is type(number)


@given(st.text(alphabet="0123456789.+-*/%^()e, xnround", max_size=30))
@settings(derandomize=True, max_examples=800, deadline=None)
def test_whatever_is_typed_gives_a_finite_number_or_an_error_with_its_position(expression):
    try:
        value = calculate(expression, NAMES)
    except CalculatorError as error:
        refused = error
    else:
        assert value.is_finite()
        assert len(value.as_tuple().digits) <= LIMITS.calculation_digits
        assert Decimal(as_text(value)) == value
        return
    assert 1 <= refused.position <= len(expression) + 1


@given(
    st.decimals(allow_nan=False, allow_infinity=False, places=3, min_value=-(10**9), max_value=10**9),
    st.integers(0, 9),
)
@settings(derandomize=True, max_examples=300, deadline=None)
def test_sums_and_products_of_decimals_are_exact(value, factor):
    assert calculate(f"({value}) * {factor} + ({value})") == value * factor + value
