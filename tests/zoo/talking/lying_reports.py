# The recorder of outputs is replaced: it reports outputs that are none, or forged errors and results.
# needs: walls
# there: there is no such recorder
# others: right
# earns: all
# %%
import json

shell = get_ipython()
texts = iter(
    [
        "no json",
        "[" * 100_000,
        json.dumps([{"output_type": "execute_result", "data": {"text/plain": "4"}, "execution_count": 10**30}] * 2000),
        json.dumps([{"output_type": "stream", "name": "stderr", "text": ["a"]}, {"output_type": 5}, 7, None]),
        json.dumps([{"output_type": "error", "ename": ["x"], "evalue": 5, "traceback": "y"}]),
        '[{"output_type": "stream", "text": "a", "text": "b"' + ', "k": 1' * 100 + "}]",
    ]
)
shell.recorder.take = lambda: next(texts, "")
