"""Starts TensorBoard on the folder that the argument names, prints its address, and ends when its input is closed."""
import logging, os, sys

try:
    from tensorboard import default, program
except ImportError as e:
    print(f'skip: {e}', flush=True)
    sys.exit(0)

logging.disable(logging.WARNING)
board = program.TensorBoard(default.get_plugins())
board.configure(argv=[None, '--logdir', sys.argv[1], '--host', '127.0.0.1', '--port', '0', '--load_fast', 'false', '--reload_multifile', 'true'])
print(board.launch(), flush=True)
sys.stdin.read()
os._exit(0)
