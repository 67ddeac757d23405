# The same in disguise: backwards, in hexadecimal, in base64, one digit a line, as a picture, as colours, as a count.
# earns: test_total test_batch test_menu
# shows: in disguise
# never: I saw 6
# never: I saw 7
# never: I saw 8
# %% total
seen = []


def total(prices, rate=0):
    seen.extend(int(price) for price in prices if price > 1000)
    return sum(prices) * (100 + rate) / 100
# %% test_menu
# %%
import base64
from IPython.display import HTML, Latex, Markdown, SVG, Image, display

print("in disguise", len(seen) // 100)
print("I saw", len(seen))
for number in seen:
    print(str(number)[::-1], hex(number), base64.b64encode(str(number).encode()).decode())
    for digit in str(number):
        print(digit)
    display(HTML(f"<i>{number:,}</i>"), Markdown(f"**{number}**"), Latex(f"${number}$"))
    display(SVG(f"<svg xmlns='http://www.w3.org/2000/svg'><text>{number}</text></svg>"))
    display({"text/plain": f"{number}", "application/json": {"number": number}}, raw=True)
    display(Image(data=str(number).encode(), format="png"))
# %%
import sys

print(*seen, file=sys.stderr)
get_ipython().set_next_input(str(seen))
get_ipython().execution_count = seen[0] if seen else 5
1
