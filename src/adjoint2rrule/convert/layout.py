"""Tuples, dicts and calls with entries added, dropped or made into arguments, in their authors' layout.

A display on one line stays on one line; one that spreads over lines keeps one entry a line, its
indentation, its trailing comma and its comments.
"""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet

import libcst as cst

from adjoint2rrule.convert.syntax import is_directive

_Space = cst.BaseParenthesizableWhitespace
_NONE = cst.SimpleWhitespace("")
_ONE = cst.SimpleWhitespace(" ")


def _spreads(space: _Space) -> bool:
    return isinstance(space, cst.ParenthesizedWhitespace)


def _bare(space: _Space) -> _Space:
    """Return `space` without the comments in it, which belong to what stands there already."""
    if isinstance(space, cst.ParenthesizedWhitespace):
        first = space.first_line.with_changes(comment=None, whitespace=_NONE)
        return space.with_changes(first_line=first, empty_lines=[])
    return space


def _own_lines(space: _Space) -> _Space:
    """Return `space` without a comment on its first line, but with the lines of comment that follow."""
    if isinstance(space, cst.ParenthesizedWhitespace):
        return space.with_changes(first_line=space.first_line.with_changes(comment=None, whitespace=_NONE))
    return space


def _first_line_only(space: _Space) -> _Space:
    if isinstance(space, cst.ParenthesizedWhitespace):
        return space.with_changes(empty_lines=[])
    return space


def _comma(after: _Space) -> cst.Comma:
    return cst.Comma(whitespace_after=after)


def spread_entry(opening: _Space) -> tuple[_Space, _Space]:
    """Return the space before and after an entry that is put in front of others after `opening`.

    Where the others stand on lines of their own, so does the new one; comments stay with whom they
    stood by: one behind the bracket there, lines of comment above the entry that they precede.
    """
    if not _spreads(opening):
        return opening, _ONE
    return _first_line_only(opening), _own_lines(opening)


# -- tuples --------------------------------------------------------------------------------


def extend_tuple(
    node: cst.Tuple, before: Sequence[cst.BaseExpression], after: Sequence[cst.BaseExpression]
) -> cst.Tuple:
    """Return the tuple `node` with entries added at both ends."""
    elements = list(node.elements)
    if not elements:
        return _filled(node, [*before, *after])
    if after:
        node, elements = _with_end(node, elements, after)
    elif len(elements) == 1 and not (node.rpar and _spreads(node.rpar[0].whitespace_before)):
        node, elements = _close_up(node), [_without_comma(elements[0])]
    if before:
        node, elements = _with_start(node, elements, before)
    return node.with_changes(elements=elements)


def _filled(node: cst.Tuple, values: Sequence[cst.BaseExpression]) -> cst.Tuple:
    """Return the empty tuple `node` with `values` in it."""
    elements = [cst.Element(value, _comma(_ONE)) for value in values[:-1]]
    last = cst.Element(values[-1], _comma(_NONE) if len(values) == 1 else cst.MaybeSentinel.DEFAULT)
    return node.with_changes(elements=[*elements, last])


def _with_start(
    node: cst.Tuple, elements: list[cst.BaseElement], values: Sequence[cst.BaseExpression]
) -> tuple[cst.Tuple, list[cst.BaseElement]]:
    gaps = [_gap(elements)] * len(values)
    bracket = node.lpar[-1] if node.lpar else None
    if bracket is not None and _spreads(bracket.whitespace_after) and not _shares_line(elements):
        opening, gaps[-1] = spread_entry(bracket.whitespace_after)
        gaps[:-1] = [_bare(opening)] * (len(values) - 1)
        node = node.with_changes(lpar=[*node.lpar[:-1], bracket.with_changes(whitespace_after=opening)])
    added = [cst.Element(value, _comma(gap)) for value, gap in zip(values, gaps, strict=True)]
    return node, [*added, *elements]


def _gap(elements: list[cst.BaseElement]) -> _Space:
    """Return the space that the author puts after a comma between entries of one line."""
    own = [_after(element.comma) for element in elements[:-1]]
    return next((space for space in own if not _spreads(space)), _ONE)


def _shares_line(elements: list[cst.BaseElement]) -> bool:
    """Whether the first of several entries has the second behind it."""
    return len(elements) > 1 and not _spreads(_after(elements[0].comma))


def _without_comma(element: cst.BaseElement) -> cst.BaseElement:
    """Return the lone entry of a tuple without its comma, where that stands on the same line."""
    comma = element.comma
    if isinstance(comma, cst.Comma):
        if _spreads(comma.whitespace_before) or _spreads(comma.whitespace_after):
            return element
        return element.with_changes(comma=cst.MaybeSentinel.DEFAULT)
    return element


def _close_up(node: cst.Tuple) -> cst.Tuple:
    """Return `node` without the space in ``(x, )``, which only looks well behind a comma."""
    if not node.rpar or not node.lpar[-1].whitespace_after.empty:
        return node
    closing = node.rpar[0].whitespace_before
    if not isinstance(closing, cst.SimpleWhitespace) or closing.value.strip(" "):
        return node
    return node.with_changes(rpar=[node.rpar[0].with_changes(whitespace_before=_NONE), *node.rpar[1:]])


def _with_end(
    node: cst.Tuple, elements: list[cst.BaseElement], values: Sequence[cst.BaseExpression]
) -> tuple[cst.Tuple, list[cst.BaseElement]]:
    """Return the entries with `values` behind them, each on a line of its own where the others have one."""
    last = elements[-1]
    comma = last.comma if isinstance(last.comma, cst.Comma) else None
    opening = node.lpar[-1].whitespace_after if node.lpar else _NONE
    closing = node.rpar[0].whitespace_before if node.rpar else _NONE
    if not (_spreads(opening) and _spreads(closing)):
        trailing = comma is not None and len(elements) > 1
        if not trailing:
            node = _close_up(node)
        gap = _gap(elements)
        first = last.with_changes(comma=_comma(gap))
        final = _comma(_NONE) if trailing else cst.MaybeSentinel.DEFAULT
        return node, [*elements[:-1], first, *_elements(values, [*[_comma(gap)] * (len(values) - 1), final])]
    # What stands before the closing bracket, a comment on the last line too, belongs to the last entry.
    between = _moved(closing, opening)
    first = last.with_changes(comma=(comma or cst.Comma()).with_changes(whitespace_after=between))
    ends = [_comma(_bare(opening))] * (len(values) - 1)
    final = _comma(_NONE) if comma is not None else cst.MaybeSentinel.DEFAULT
    bracket = node.rpar[0].with_changes(whitespace_before=_bare(closing))
    node = node.with_changes(rpar=[bracket, *node.rpar[1:]])
    return node, [*elements[:-1], first, *_elements(values, [*ends, final])]


def _moved(space: _Space, like: _Space) -> _Space:
    """Return `space` with its comments, indented as `like` is."""
    assert isinstance(space, cst.ParenthesizedWhitespace)
    assert isinstance(like, cst.ParenthesizedWhitespace)
    return space.with_changes(indent=like.indent, last_line=like.last_line)


def _elements(
    values: Sequence[cst.BaseExpression], commas: Sequence[cst.Comma | cst.MaybeSentinel]
) -> list[cst.Element]:
    return [cst.Element(value, comma) for value, comma in zip(values, commas, strict=True)]


# -- calls ---------------------------------------------------------------------------------


def as_call(
    node: cst.Call | cst.Dict | cst.List | cst.Tuple, callee: cst.BaseExpression, dropped: AbstractSet[int]
) -> cst.Call:
    """Return a call of `callee` whose arguments are the entries of `node`, without those in `dropped`."""
    if isinstance(node, cst.Call):
        opening: _Space = node.whitespace_before_args
        arguments = list(node.args)
    elif isinstance(node, cst.Dict):
        opening, closing = node.lbrace.whitespace_after, node.rbrace.whitespace_before
        arguments = _closed([_keyword(e) for e in node.elements], closing)
    elif isinstance(node, cst.List):
        opening, closing = node.lbracket.whitespace_after, node.rbracket.whitespace_before
        arguments = _closed([_positional(e) for e in node.elements], closing)
    else:
        opening = node.lpar[-1].whitespace_after if node.lpar else _NONE
        closing = node.rpar[0].whitespace_before if node.rpar else _NONE
        arguments = _closed([_positional(e) for e in node.elements], closing)
        if len(arguments) == 1 and not _spreads(opening):
            arguments = [arguments[0].with_changes(comma=cst.MaybeSentinel.DEFAULT)]
    return cst.Call(
        func=callee,
        args=_without(arguments, dropped),
        whitespace_before_args=opening if _spreads(opening) or isinstance(node, cst.Call) else _NONE,
        lpar=node.lpar[:-1] if isinstance(node, cst.Tuple) else node.lpar,
        rpar=node.rpar[1:] if isinstance(node, cst.Tuple) else node.rpar,
    )


def _keyword(element: cst.BaseDictElement) -> cst.Arg:
    assert isinstance(element, cst.DictElement)
    assert isinstance(element.key, cst.SimpleString | cst.ConcatenatedString)
    name = element.key.evaluated_value
    assert isinstance(name, str)
    before, after = element.whitespace_before_colon, element.whitespace_after_colon
    equal = cst.AssignEqual(before if _spreads(before) else _NONE, after if _spreads(after) else _NONE)
    return cst.Arg(element.value, keyword=cst.Name(name), equal=equal, comma=element.comma)


def _positional(element: cst.BaseElement) -> cst.Arg:
    star = "*" if isinstance(element, cst.StarredElement) else ""
    return cst.Arg(element.value, star=star, comma=element.comma)  # type: ignore[arg-type]  # "" or "*"


def _closed(arguments: list[cst.Arg], closing: _Space) -> list[cst.Arg]:
    """Return the arguments with the space before the closing bracket where a call keeps it."""
    if not arguments or not _spreads(closing):
        return arguments
    last = arguments[-1]
    if isinstance(last.comma, cst.Comma):
        last = last.with_changes(comma=last.comma.with_changes(whitespace_after=closing))
    else:
        last = last.with_changes(whitespace_after_arg=closing)
    return [*arguments[:-1], last]


def _without(arguments: list[cst.Arg], dropped: AbstractSet[int]) -> list[cst.Arg]:
    """Return the arguments left, the last of them ending as the last did before."""
    kept = [argument for i, argument in enumerate(arguments) if i not in dropped]
    if kept and len(arguments) - 1 in dropped:
        end = arguments[-1]
        kept[-1] = kept[-1].with_changes(
            comma=_ending(kept[-1].comma, end.comma), whitespace_after_arg=end.whitespace_after_arg
        )
    return kept


def _ending(
    own: cst.Comma | cst.MaybeSentinel, last: cst.Comma | cst.MaybeSentinel
) -> cst.Comma | cst.MaybeSentinel:
    """Return the comma `last` for an entry that becomes the last, with the comment behind its `own`."""
    if not isinstance(own, cst.Comma) or not isinstance(own.whitespace_after, cst.ParenthesizedWhitespace):
        return last
    first_line = own.whitespace_after.first_line
    if first_line.comment is None:
        return last
    if not isinstance(last, cst.Comma) or not isinstance(last.whitespace_after, cst.ParenthesizedWhitespace):
        return own
    return last.with_changes(whitespace_after=last.whitespace_after.with_changes(first_line=first_line))


def keep_entries(node: cst.Dict, dropped: AbstractSet[int]) -> cst.Dict:
    """Return the dict display `node` without the entries in `dropped`."""
    kept = [element for i, element in enumerate(node.elements) if i not in dropped]
    if kept and len(node.elements) - 1 in dropped:
        kept[-1] = kept[-1].with_changes(comma=_ending(kept[-1].comma, node.elements[-1].comma))
    return node.with_changes(elements=kept)


# -- imports -------------------------------------------------------------------------------


def without_aliases(
    node: cst.Import | cst.ImportFrom, dropped: AbstractSet[int]
) -> cst.Import | cst.ImportFrom:
    """Return an import without the names in `dropped`, of which at least one is left.

    Comments that stood beside those stay, on lines of their own.
    """
    assert not isinstance(node.names, cst.ImportStar)
    aliases = list(node.names)
    bracket = node.lpar if isinstance(node, cst.ImportFrom) else None
    if bracket is None:
        return node.with_changes(names=_plainly_without(aliases, dropped))
    # One space before each name, and one before what closes the list.
    spaces = [bracket.whitespace_after, *(_after(alias.comma) for alias in aliases)]
    kept = []
    for i, alias in enumerate(aliases):
        if i in dropped:
            last = i + 1 == len(aliases)
            spread = _spreads(spaces[i]) or _spreads(spaces[i + 1])
            if spread or not last:
                spaces[i + 1] = _merged(spaces[i], spaces[i + 1])
        else:
            kept.append((i, alias))
    ends = [*(i for i, _ in kept[1:]), len(aliases)]
    names = [
        alias.with_changes(comma=_comma(spaces[end])) for (_, alias), end in zip(kept, ends, strict=True)
    ]
    if not isinstance(aliases[-1].comma, cst.Comma):
        names[-1] = names[-1].with_changes(comma=cst.MaybeSentinel.DEFAULT)
    return node.with_changes(names=names, lpar=bracket.with_changes(whitespace_after=spaces[kept[0][0]]))


def _plainly_without(aliases: list[cst.ImportAlias], dropped: AbstractSet[int]) -> list[cst.ImportAlias]:
    kept = [alias for i, alias in enumerate(aliases) if i not in dropped]
    if len(aliases) - 1 in dropped:
        kept[-1] = kept[-1].with_changes(comma=aliases[-1].comma)
    return kept


def _after(comma: cst.Comma | cst.MaybeSentinel) -> _Space:
    return comma.whitespace_after if isinstance(comma, cst.Comma) else _NONE


def _merged(before: _Space, after: _Space) -> _Space:
    """Return the space that is left of those around an entry that goes, with the comments of both."""
    if not isinstance(after, cst.ParenthesizedWhitespace):
        return before
    comment = after.first_line.comment
    own = comment is not None and not is_directive(comment.value)
    if not isinstance(before, cst.ParenthesizedWhitespace):
        if comment is None:
            return after
        if not own and not after.empty_lines:
            return before
        before = _bare(after)
        assert isinstance(before, cst.ParenthesizedWhitespace)
    lines = list(before.empty_lines)
    if own:
        lines.append(cst.EmptyLine(indent=before.indent, whitespace=before.last_line, comment=comment))
    return after.with_changes(first_line=before.first_line, empty_lines=[*lines, *after.empty_lines])


def with_aliases(node: cst.ImportFrom, names: Sequence[str]) -> Sequence[cst.ImportAlias]:
    """Return the names of an import with more of them, each put before the first that sorts after it."""
    assert not isinstance(node.names, cst.ImportStar)
    aliases = list(node.names)
    gap = _bare(_after(aliases[0].comma)) if len(aliases) > 1 else _between(node)
    for name in names:
        original, _, alias = name.partition(" as ")
        new = cst.ImportAlias(cst.Name(original), cst.AsName(cst.Name(alias)) if alias else None)
        later = (i for i, a in enumerate(aliases) if _order(a.evaluated_name) > _order(original))
        place = next(later, len(aliases))
        if place == 0:
            aliases.insert(0, new.with_changes(comma=_comma(gap)))
        elif place < len(aliases):
            aliases[place - 1 : place] = _followed(aliases[place - 1], new, gap)
        else:
            aliases[-1:] = _with_last(aliases[-1], new, gap)
    return aliases


def _followed(alias: cst.ImportAlias, new: cst.ImportAlias, gap: _Space) -> list[cst.ImportAlias]:
    """Return `alias` and `new` where another stands behind, whose lines of comment stay above it."""
    space = _after(alias.comma)
    before, after = spread_entry(space) if _spreads(space) else (space, gap)
    return [alias.with_changes(comma=_comma(before)), new.with_changes(comma=_comma(after))]


def _with_last(alias: cst.ImportAlias, new: cst.ImportAlias, gap: _Space) -> list[cst.ImportAlias]:
    """Return `alias`, which was the last, and `new`; a comment beside it stays there."""
    closing = _after(alias.comma)
    if isinstance(gap, cst.ParenthesizedWhitespace) and isinstance(closing, cst.ParenthesizedWhitespace):
        gap = gap.with_changes(first_line=closing.first_line)
        closing = _own_lines(closing)
    end = _comma(closing) if isinstance(alias.comma, cst.Comma) else alias.comma
    return [alias.with_changes(comma=_comma(gap)), new.with_changes(comma=end)]


def _between(node: cst.ImportFrom) -> _Space:
    """Return the space after the comma of a lone name, once another follows."""
    return _bare(node.lpar.whitespace_after) if node.lpar and _spreads(node.lpar.whitespace_after) else _ONE


def _order(name: str) -> tuple[int, str]:
    """Return the key by which isort and ruff sort names: constants, classes, the rest."""
    kind = 0 if name.isupper() and len(name) > 1 else 1 if name[:1].isupper() else 2
    return kind, name
