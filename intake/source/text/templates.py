"""Templates, compiled once a language with that language's words and addresses in them.

What stands in a page whoever asks for it is then one piece of text, and not looked up word by word for every request. A
compiled template is never stale: templates and catalogues are read once in the life of a process, and an address in
it depends on nothing but the language.
"""

from threading import Lock
from typing import Any, Self

from flask import current_app, url_for
from flask.templating import Environment
from flask_babel import get_translations
from jinja2 import Template, nodes
from jinja2.visitor import NodeTransformer

from intake.source.text.languages import language

_WORDS = "_"
_ADDRESS = "url_for"


class LanguageTemplates(Environment):
    """Flask's environment, of which `within` has one for each language."""

    _of_languages: dict[str, Self]
    _adding: Lock

    def __init__(self, app: Any, **options: Any) -> None:
        super().__init__(app, **options)
        self._of_languages = {}
        self._adding = Lock()

    def within(self, tag: str) -> Self:
        """Where templates are compiled in this language, during a request for a page in it."""
        with self._adding:
            if tag not in self._of_languages:
                self._of_languages[tag] = self.overlay()
            return self._of_languages[tag]

    def _generate(self, source: nodes.Template, *names: Any, **options: Any) -> str:
        # The hook that Jinja has for this.
        return str(super()._generate(_Constants().visit(source), *names, **options))


class _Constants(NodeTransformer):
    """Writes into a template what a call in it always comes to, in the language of the current request."""

    def visit_Call(self, call: nodes.Call) -> nodes.Node:  # noqa: N802 - Jinja's name
        """Words with their values, and addresses that are made of nothing that changes."""
        self.generic_visit(call)
        if not isinstance(call.node, nodes.Name) or call.node.name not in (_WORDS, _ADDRESS):
            return call
        if call.dyn_args or call.dyn_kwargs:
            return call
        try:
            arguments = [argument.as_const() for argument in call.args]
        except nodes.Impossible:
            return call
        if call.node.name == _WORDS:
            words = nodes.MarkSafe(nodes.Const(get_translations().ugettext(*arguments)))
            pairs = [nodes.Pair(nodes.Const(value.key), value.value) for value in call.kwargs]
            # A format even without values, as everywhere else: what it is given is escaped.
            return nodes.Mod(words, nodes.Dict(pairs), lineno=call.lineno)
        try:
            values = dict(value.as_const() for value in call.kwargs)
        except nodes.Impossible:
            return call
        return nodes.Const(url_for(*arguments, **values), lineno=call.lineno)


def template(name: str) -> Template:
    """A template in the language of the current page."""
    environment = current_app.jinja_env
    if not isinstance(environment, LanguageTemplates):
        raise TypeError("the application was made with other templates")
    return environment.within(language()).get_template(name)
