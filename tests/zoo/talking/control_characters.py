# Escape sequences, bells, bidirectional marks, NUL bytes, half of a surrogate pair, in every text.
# others: right
# earns: test_account test_history test_restock test_fit test_quality
# shows: the end
# %% total
strange = "\x1b]0;title\x07\x1b[2J\x1b[31m\r\b\x00\u202e\u2066\ud800\udfff\ufeff\u2028"
print(strange, "the end")


def total(prices, rate=0):
    raise ValueError(strange + "\n" * 50)


total.__name__ = total.__qualname__ = strange
# %%
strange
# %%
raise type("A\u0301\u202eB", (Exception,), {})(strange)
