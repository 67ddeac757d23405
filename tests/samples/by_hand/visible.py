def test_slope():
    """test_slope: 3 points."""
    right = [
        abs(slope(lambda x: x * x, at) - 2 * at) < 1e-6
        for at in (0, 1, 2)
    ]
    score = (
    sum(
        right
    )
    )
    assert score >= 3, f"{score} of 3 points"


def test_slope_types():
    """test_slope_types: 1 point."""
    text = """
    four spaces, kept
"""
    assert isinstance(slope(abs, 1.0), float)
    assert len(text.splitlines()[1]) == 21 and slope(lambda x: 3 * x, 1) > 2.9


if __name__ == "__main__":
    sys.exit(pytest.main([__file__]))
