"""What a guest is told who asks for something that needs an account (CIC Clova.ExpectLogin)."""

from cic_server.lang import Lang
from cic_server.messages import Directive

from .base import Answer, Phrase

_SIGN_IN = {
    Lang.EN: Phrase(text="Please sign in with an account first."),
    Lang.KO: Phrase(text="먼저 계정으로 로그인해 주세요."),
    Lang.JA: Phrase(
        text="先にアカウントでサインインしてください。",
        spoken="さきに アカウントで サインイン してください。",
    ),
}


def sign_in_first(lang: Lang) -> Answer:
    """Ask for an account; what was asked for is not done later (CIC Clova)."""
    login = Directive(namespace="Clova", name="ExpectLogin")
    return Answer(phrase=_SIGN_IN[lang], lang=lang, orders=(login,))
