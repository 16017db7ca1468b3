"""Projections of the user's own types, by ``ProjectTo.register``."""

import abc
import pickle
from enum import Enum, IntEnum

import numpy as np
import pytest

from adjoint2rrule.core import (
    AmbiguousRuleError,
    InplaceableThunk,
    NoTangent,
    ProjectTo,
    RegistrationError,
    RuleError,
    Tangent,
    Thunk,
    ZeroTangent,
    not_implemented,
    thunk,
    unthunk,
)


class Diagonal:
    def __init__(self, diag):
        self.diag = np.asarray(diag)


class Scaled(Diagonal):
    pass


@ProjectTo.register(Diagonal)
def project_diagonal(x):
    project_diag = ProjectTo(x.diag)

    def project(dx):
        assert not isinstance(dx, (ZeroTangent, NoTangent, Thunk))
        return Diagonal(project_diag(dx.diag if isinstance(dx, Diagonal) else np.diag(dx)))

    return project


def test_a_registered_function_projects_its_class_and_subclasses():
    for x in (Diagonal([1.0, 2.0]), Scaled([1.0, 2.0])):
        dx = ProjectTo(x)(np.array([[1, 2], [3, 4j]]))
        assert isinstance(dx, Diagonal)
        assert dx.diag.tolist() == [1.0, 0.0]


def test_it_projects_the_parts_of_others():
    dx = ProjectTo(("a", Diagonal([1.0])))(Tangent[tuple]("a", np.ones((1, 1))))
    assert dx[1].diag.tolist() == [1.0]


def test_it_never_sees_zeros_thunks_and_what_is_not_implemented():
    project_x = ProjectTo(Diagonal([1.0]))
    for dx in (ZeroTangent(), NoTangent(), not_implemented()):
        assert project_x(dx) is dx
    for dx in (thunk(lambda: np.ones((1, 1))), InplaceableThunk(lambda x: x, thunk(lambda: np.ones((1, 1))))):
        assert type(project_x(dx)) is Thunk
        assert unthunk(project_x(dx)).diag.tolist() == [1.0]
    assert unthunk(project_x(thunk(ZeroTangent))) is ZeroTangent()


def test_it_sees_tangents():
    class Foo:
        pass

    ProjectTo.register(Foo)(lambda x: lambda dx: dx.a)
    assert ProjectTo(Foo())(Tangent[Foo](a=2.0)) == 2.0


def test_a_registered_projection_shows_its_function():
    project_x = ProjectTo(Diagonal([1.0]))
    assert isinstance(project_x, ProjectTo)
    assert repr(project_x) == "ProjectTo[Diagonal](project_diagonal.<locals>.project)"
    assert project_x == project_x
    assert project_x != ProjectTo(Diagonal([1.0]))


class Doubled:
    pass


def double(dx):
    return 2 * dx


ProjectTo.register(Doubled)(lambda x: double)


def test_a_registered_projection_pickles_where_its_function_does():
    project_x = ProjectTo(Doubled())
    copied = pickle.loads(pickle.dumps(project_x))
    assert copied == project_x
    assert hash(copied) == hash(project_x)
    assert copied(1.0) == 2.0


def test_the_most_specific_class_counts():
    class Base:
        pass

    class Derived(Base):
        pass

    class Last(Derived):
        pass

    ProjectTo.register(Base)(lambda x: lambda dx: "base")
    assert ProjectTo(Last())(1.0) == "base"
    ProjectTo.register(Derived)(lambda x: lambda dx: "derived")
    assert [ProjectTo(T())(1.0) for T in (Base, Derived, Last)] == ["base", "derived", "derived"]
    ProjectTo.register(Derived)(lambda x: lambda dx: "again")
    assert ProjectTo(Last())(1.0) == "again"


class HasArea(abc.ABC):
    @abc.abstractmethod
    def area(self): ...

    @classmethod
    def __subclasshook__(cls, other):
        return hasattr(other, "area") or NotImplemented


class HasWeight(abc.ABC):  # noqa: B024
    @classmethod
    def __subclasshook__(cls, other):
        return hasattr(other, "weight") or NotImplemented


ProjectTo.register(HasArea)(lambda x: lambda dx: "area")
ProjectTo.register(HasWeight)(lambda x: lambda dx: "weight")


class Square:
    area = 1.0


class Pebble:
    area = 1.0
    weight = 2.0


def test_abstract_classes_may_be_registered():
    assert ProjectTo(Square())(1.0) == "area"


def test_two_abstract_classes_are_ambiguous_until_the_class_itself_is_registered():
    with pytest.raises(AmbiguousRuleError, match=r"a Pebble fits.*@ProjectTo\.register\(Pebble\).*HasArea"):
        ProjectTo(Pebble())
    ProjectTo.register(Pebble)(lambda x: lambda dx: "pebble")
    assert ProjectTo(Pebble())(1.0) == "pebble"


def test_numbers_and_enums_of_the_user_may_be_registered():
    class Angle(float):
        pass

    class Level(IntEnum):
        LOW = 1

    class Grade(float, Enum):
        pass

    Letter = Grade("Letter", {"A": 1.0})
    assert ProjectTo(Letter.A)(1.0) is NoTangent()
    ProjectTo.register(Angle)(lambda x: lambda dx: dx % 360)
    ProjectTo.register(Level)(lambda x: lambda dx: "level")
    ProjectTo.register(Grade)(lambda x: lambda dx: "grade")
    assert ProjectTo(Angle(1.0))(361.0) == 1.0
    assert ProjectTo(Level.LOW)(1.0) == "level"
    assert ProjectTo(Letter.A)(1.0) == "grade"


def test_another_projection_will_do():
    class Wrapper:
        x = 1.0

    ProjectTo.register(Wrapper)(lambda w: ProjectTo(w.x))
    assert ProjectTo(Wrapper()) == ProjectTo(1.0)


def test_registration_returns_the_function():
    class Foo:
        pass

    def project_foo(x):
        return ProjectTo(1.0)

    assert ProjectTo.register(Foo)(project_foo) is project_foo
    assert ProjectTo.register(Foo)(ProjectTo) is ProjectTo


@pytest.mark.parametrize(
    "T", [1.0, "Foo", None, list[int], int | str, type[Diagonal], object, Diagonal([1.0])]
)
def test_only_classes_can_be_registered(T):
    with pytest.raises(RegistrationError, match=r"ProjectTo\.register\(.*takes the class of the primals"):
        ProjectTo.register(T)


@pytest.mark.parametrize(
    ("factory", "message"),
    [
        (1.0, r"1\.0 cannot give the projection of a Diagonal: 1\.0 is not a callable.*`def f\(x\)`"),
        (None, "None cannot give the projection"),
        (ProjectTo(1.0), r"register\(Diagonal\): ProjectTo\[float\]\(\) is a projection, and no function"),
        (lambda: None, "<lambda> cannot give the projection of a Diagonal: too many positional"),
        (lambda x, dx: dx, "missing a required argument: 'dx'"),
        (lambda *, x: x, "too many positional"),
    ],
)
def test_only_functions_of_a_primal_can_be_registered(factory, message):
    with pytest.raises(RegistrationError, match=message):
        ProjectTo.register(Diagonal)(factory)
    assert isinstance(ProjectTo(Diagonal([1.0]))(np.ones((1, 1))), Diagonal)


def test_what_is_no_projection_is_refused_when_it_is_returned():
    class Foo:
        pass

    @ProjectTo.register(Foo)
    def project_foo(x):
        x.seen = True

    with pytest.raises(RegistrationError, match=r"for a .*Foo, .*project_foo.*, returned None"):
        ProjectTo(Foo())


def test_errors_of_the_user_are_their_own():
    class Foo:
        pass

    ProjectTo.register(Foo)(lambda x: lambda dx: 1 / 0)
    with pytest.raises(ZeroDivisionError) as error:
        ProjectTo(Foo())(1.0)
    assert not isinstance(error.value, RuleError)
