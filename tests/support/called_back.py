"""What the rules of fixtures call back into: functions and objects that have rules of their own."""

from adjoint2rrule.legacy import adjoint


def square(x):
    return x**2


@adjoint(square)
def _square(x):
    return square(x), lambda dy: (2 * dy * x,)


def constant(x):
    return 1.0


@adjoint(constant)
def _constant(x):
    return constant(x), lambda dy: None


def times(x, y):
    return x * y


@adjoint(times)
def _times(x, y):
    return times(x, y), lambda dy: (dy * y, dy * x)


class Scale:
    def __init__(self, by):
        self.by = by

    def __call__(self, x):
        return self.by * x


@adjoint(Scale.__call__)
def _scale(self: Scale, x):
    return self.by * x, lambda dy: ({"by": dy * x}, dy * self.by)
