# compile, exec and eval are replaced, and IPython's compiler makes an empty program of everything.
# %%
import ast
import builtins

shell = get_ipython()
empty = ast.parse("")
real_compile = builtins.compile
builtins.exec = builtins.eval = lambda *args: None
shell.compile.ast_parse = lambda source, *args, **kwargs: empty
