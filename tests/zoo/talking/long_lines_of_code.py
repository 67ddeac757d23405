# A line of code of a hundred thousand characters, which the message about it would show.
# others: right
# earns: test_total test_batch test_menu test_account test_history test_restock
# %% fit
import base64, zlib
exec(zlib.decompress(base64.b85decode("c-jF")) if False else "x = '" + "y" * 100_000 + "'"); fit = lambda points, epochs, report: int("y" * 100_000)
