def test_Counter():
    """test_Counter: 2 points."""
    counter = Counter(3)
    assert counter.step() == 4, "3 + 1 = 4"
    assert counter.count >= 4, "the count is kept"


def test_check_whole():
    """check-whole: 1 point."""
    assert whole() and LETTERS[0] == letter(0) == "a"


if __name__ == "__main__":
    sys.exit(pytest.main([__file__]))
