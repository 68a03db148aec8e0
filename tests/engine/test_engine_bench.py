"""The bench of the engine plays whole tasks of every shape."""

from tasks.benches.engine import SHAPES, run


def test_the_bench_has_a_line_for_every_shape_and_size():
    _, *lines = run(sizes=(3, 20), repeats=1).splitlines()
    assert [line.split()[:2] for line in lines] == [[shape, size] for shape in SHAPES for size in ("3", "20")]
