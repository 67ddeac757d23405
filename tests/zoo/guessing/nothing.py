# Nothing was done: the released notebook, as it is.
