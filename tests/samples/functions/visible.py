def test_mean():
    """mean divides the sum by the number of values."""
    global numbers
    numbers = [1, 2, 6]
    assert mean(numbers) == 3, "(1 + 2 + 6) / 3 = 3"


def test_mean_keeps():
    """mean leaves its argument alone."""
    if "numbers" not in globals():
        test_mean()
    mean(numbers)
    assert numbers == [1, 2, 6], "the list is the same after the call"


# test_spread (1.5 points): hidden tests only.


if __name__ == "__main__":
    sys.exit(pytest.main([__file__]))
