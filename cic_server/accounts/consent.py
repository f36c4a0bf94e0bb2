"""The page of terms that a 451 leads to, and the way back from it (Client_Auth_API, redirect_uri)."""

import base64
from dataclasses import dataclass
import hashlib
from html import escape
from pathlib import Path
import re
from string import Template
from urllib.parse import urlencode, urlsplit

from cic_server.dialogs import lang_of
from cic_server.http import Request
from cic_server.lang import Lang
from cic_server.messages import RefusedError
from cic_server.service import Service

from .ledger import Code

_PAGE = Template(Path(__file__).with_name("consent.html").read_text(encoding="utf-8"))
_FORM = Template(Path(__file__).with_name("consent_form.html").read_text(encoding="utf-8"))
# Characters of an address to go back to; browsers and proxies carry more.
MAX_ADDRESS = 2_048
# The outcomes where no address to go back to was given.
AGREED = "clova://agreement-success"
NOT_AGREED = "clova://agreement-failure"
# Why an agreement failed, as the documents spell it.
USER_DISAGREEMENT = "user-disagreement"
SERVER_ERROR = "server_error"
# An address that may stand in a policy: nothing in it ends the directive.
_ORIGIN = re.compile(r"https?://(?:[A-Za-z0-9._-]+|\[[0-9a-fA-F:.]+\])(?::\d{1,5})?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What the page says in one language."""

    title: str
    text: str
    agree: str
    decline: str
    over: str


WORDS = {
    Lang.EN: Words(
        title="Terms of use",
        text="A device wants to use your account with the CIC server of this machine. The server"
        " then hears what is said to the device, and answers it. Nothing is sent elsewhere.",
        agree="Agree",
        decline="Decline",
        over="This page is not good any more. Begin to sign in once more.",
    ),
    Lang.KO: Words(
        title="이용 약관",
        text="기기가 이 컴퓨터의 CIC 서버에서 회원님의 계정을 사용하려고 합니다. 서버는 기기에 하신 말씀을"
        " 듣고 대답합니다. 다른 곳으로는 아무것도 보내지 않습니다.",
        agree="동의",
        decline="동의하지 않음",
        over="이 페이지는 더 이상 사용할 수 없습니다. 로그인을 다시 시작하세요.",
    ),
    Lang.JA: Words(
        title="利用規約",
        text="デバイスが、このコンピューターのCICサーバーであなたのアカウントを使おうとしています。サーバーは"
        "デバイスに話しかけられた内容を聞き取り、答えます。ほかの場所には何も送りません。",
        agree="同意する",
        decline="同意しない",
        over="このページはもう使えません。サインインを最初からやり直してください。",
    ),
}


async def answer_consent(service: Service, request: Request) -> None:
    """Show the page (GET), or take what was chosen on it (POST); raises RefusedError (400)."""
    given = request.query if request.method == "GET" else await request.read_form()
    code = service.ledger.code(_one(given, "code"))
    back = _one(given, "redirect_uri")
    if back and not _may_lead_back(back):
        raise RefusedError(400, "redirect_uri is not a web address")
    words = WORDS[_lang(request)]
    if code is None or code.account is None or service.ledger.consents(code.account):
        await _send(request, 400, words, words.over)
    elif request.method == "GET":
        await _send(request, 200, words, words.text, _form(_one(given, "code"), back, words), back)
    else:
        await _choose(service, request, code, given)


def _one(given: dict[str, list[str]], name: str) -> str:
    values = given.get(name, [""])
    if len(values) != 1 or len(values[0]) > MAX_ADDRESS:
        raise RefusedError(400, f"{name} is not one value")
    return values[0]


def _origin(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"


def _may_lead_back(address: str) -> bool:
    try:
        return _ORIGIN.fullmatch(_origin(address)) is not None
    except ValueError:
        return False


def _lang(request: Request) -> Lang:
    return lang_of(request.headers.get("accept-language", "").partition(",")[0].partition(";")[0])


def _form(code: str, back: str, words: Words) -> str:
    return _FORM.substitute(
        code=escape(code),
        redirect_uri=escape(back),
        agree=escape(words.agree),
        decline=escape(words.decline),
    )


async def _choose(
    service: Service, request: Request, code: Code, given: dict[str, list[str]]
) -> None:
    """Note what was chosen, and lead back."""
    match _one(given, "answer"):
        case "agree":
            error = await _agree(service, code)
        case "decline":
            service.ledger.drop_code(code)
            service.safe.save_later()
            error = USER_DISAGREEMENT
        case _:
            raise RefusedError(400, "answer is agree or decline")
    service.journal.add("consent", agreed=error is None, error=error)
    back = _way_back(_one(given, "redirect_uri"), _one(given, "code"), code.state, error)
    headers = [(b"location", back.encode()), (b"cache-control", b"no-store")]
    await request.answer(302, headers)


async def _agree(service: Service, code: Code) -> str | None:
    """Note that an account's user agrees, on disk; returns an error."""
    assert code.account is not None
    service.ledger.agree(code.account)
    try:
        await service.safe.save()
    except OSError:
        return SERVER_ERROR
    return None


def _way_back(back: str, code: str, state: str, error: str | None) -> str:
    failure = {} if error is None else {"error": error}
    if not back:
        return AGREED if error is None else f"{NOT_AGREED}?{urlencode(failure)}"
    query = urlencode({"code": code, "state": state, **failure})
    parts = urlsplit(back)
    query = f"{parts.query}&{query}" if parts.query else query
    return parts._replace(query=query, fragment="").geturl()


async def _send(
    request: Request, status: int, words: Words, text: str, form: str = "", back: str = ""
) -> None:
    page = _PAGE.substitute(
        lang=_lang(request).value, title=escape(words.title), text=escape(text), form=form
    )
    leads_to = _origin(back) if back else "clova:"
    policy = (
        f"default-src 'none'; style-src {_style()}; base-uri 'none'; frame-ancestors 'none';"
        # browsers apply it to where the answer leads as well
        f" form-action 'self' {leads_to}"
    )
    headers = [
        (b"content-type", b"text/html; charset=utf-8"),
        (b"content-security-policy", policy.encode()),
        (b"referrer-policy", b"no-referrer"),  # the page's address has the code
        (b"x-content-type-options", b"nosniff"),
        (b"cache-control", b"no-store"),
    ]
    await request.answer(status, headers, page.encode())


def _style() -> str:
    """Return the page's own style as a policy names it (CSP 3, 2.3.1)."""
    found = re.search(r"<style>(.*?)</style>", _PAGE.template, re.DOTALL)
    assert found is not None
    digest = hashlib.sha256(found[1].encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"
