# The student's own tests, with unittest.main and doctest.
# others: right
# earns: all
# shows: OK
# %% test_total
# %%
import doctest
import unittest


class TestTotal(unittest.TestCase):
    def test_one(self):
        self.assertEqual(total([1]), 1)


unittest.main(argv=["-"], exit=False)
doctest.testmod()
