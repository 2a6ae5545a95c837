"""SM2 by the system's libcrypto, called over ctypes: `cryptography` has no SM2.

Only what libcrypto promises as API is called (OpenSSL 3). Keys are handed over in DER; whatever
it returns is checked, and freed in the same call. Every pointer is a `c_void_p`: ctypes would
otherwise cut it to 32 bits.
"""

import ctypes
import ctypes.util
from collections.abc import Callable, Generator
from contextlib import contextmanager

from creditbridge.foundation.errors import CreditbridgeError

VERSION_MIN = 0x30000000
SIGNATURE_BYTES_MAX = 80
CIPHER_SLACK_BYTES = 160
GOOD_SIGNATURE = 1
DONE = 1

# What is called: its result, then its arguments.
_POINTER, _INT, _LONG, _SIZE = ctypes.c_void_p, ctypes.c_int, ctypes.c_long, ctypes.c_size_t
_BYTES, _SIZE_OUT = ctypes.c_char_p, ctypes.POINTER(ctypes.c_size_t)
_FUNCTIONS = (
    ("OpenSSL_version_num", ctypes.c_ulong, ()),
    ("EVP_sm3", _POINTER, ()),
    ("d2i_AutoPrivateKey", _POINTER, (_POINTER, ctypes.POINTER(_BYTES), _LONG)),
    ("d2i_PUBKEY", _POINTER, (_POINTER, ctypes.POINTER(_BYTES), _LONG)),
    ("EVP_PKEY_is_a", _INT, (_POINTER, _BYTES)),
    ("EVP_PKEY_free", None, (_POINTER,)),
    ("EVP_PKEY_CTX_new", _POINTER, (_POINTER, _POINTER)),
    ("EVP_PKEY_CTX_free", None, (_POINTER,)),
    ("EVP_PKEY_CTX_set1_id", _INT, (_POINTER, _BYTES, _SIZE)),
    ("EVP_MD_CTX_new", _POINTER, ()),
    ("EVP_MD_CTX_free", None, (_POINTER,)),
    ("EVP_MD_CTX_set_pkey_ctx", None, (_POINTER, _POINTER)),
    ("EVP_DigestSignInit", _INT, (_POINTER,) * 5),
    ("EVP_DigestVerifyInit", _INT, (_POINTER,) * 5),
    ("EVP_DigestUpdate", _INT, (_POINTER, _BYTES, _SIZE)),
    ("EVP_DigestSignFinal", _INT, (_POINTER, _BYTES, _SIZE_OUT)),
    ("EVP_DigestVerifyFinal", _INT, (_POINTER, _BYTES, _SIZE)),
    ("EVP_PKEY_encrypt_init", _INT, (_POINTER,)),
    ("EVP_PKEY_decrypt_init", _INT, (_POINTER,)),
    ("EVP_PKEY_encrypt", _INT, (_POINTER, _BYTES, _SIZE_OUT, _BYTES, _SIZE)),
    ("EVP_PKEY_decrypt", _INT, (_POINTER, _BYTES, _SIZE_OUT, _BYTES, _SIZE)),
    ("ERR_clear_error", None, ()),
)


class LibcryptoUnusable(CreditbridgeError):
    """The system has no libcrypto that can do SM2."""

    code = "libcrypto-unusable"
    message = (
        "SM2 needs the system's libcrypto of OpenSSL 3 or later (Debian: the package libssl3); "
        "start is refused."
    )


class Sm2Failed(CreditbridgeError):
    """Libcrypto would not do it: a key that is none, or bytes that it cannot decrypt."""

    code = "sm2-failed"
    message = "An SM2 operation failed."


class Libcrypto:
    """The library, loaded once. Keys are DER: PKCS #8 to sign and decrypt, SPKI for the others."""

    def __init__(self, path: str | None = None) -> None:
        """Load it.

        Raises:
            LibcryptoUnusable: absent, older than OpenSSL 3, or built without SM2.
        """
        name = path or ctypes.util.find_library("crypto")
        if name is None:
            raise LibcryptoUnusable(detail="no libcrypto on this system")
        try:
            self._library = ctypes.CDLL(name)
            for function, result, arguments in _FUNCTIONS:
                bound = getattr(self._library, function)
                bound.restype, bound.argtypes = result, arguments
        except (OSError, AttributeError) as error:
            raise LibcryptoUnusable(detail=f"{name}: {error}") from error
        if self._library.OpenSSL_version_num() < VERSION_MIN:
            raise LibcryptoUnusable(detail=f"{name} is older than OpenSSL 3")

    def sign(self, message: bytes, *, private_der: bytes, signer_id: bytes) -> bytes:
        """Return the DER signature over SM3(Z || message).

        Raises:
            Sm2Failed: the key.
        """
        library = self._library
        size = ctypes.c_size_t(SIGNATURE_BYTES_MAX)
        made = ctypes.create_string_buffer(SIGNATURE_BYTES_MAX)
        with self._private_key(private_der) as key, self._digesting(key, signer_id) as context:
            _require(library.EVP_DigestSignInit(context, None, library.EVP_sm3(), None, key))
            _require(library.EVP_DigestUpdate(context, message, len(message)))
            _require(library.EVP_DigestSignFinal(context, made, ctypes.byref(size)))
        return made.raw[: size.value]

    def verify(
        self, message: bytes, signature: bytes, *, public_der: bytes, signer_id: bytes
    ) -> bool:
        """Tell whether a DER signature over SM3(Z || message) holds.

        Raises:
            Sm2Failed: the key.
        """
        library = self._library
        with self._public_key(public_der) as key, self._digesting(key, signer_id) as context:
            _require(library.EVP_DigestVerifyInit(context, None, library.EVP_sm3(), None, key))
            _require(library.EVP_DigestUpdate(context, message, len(message)))
            found = library.EVP_DigestVerifyFinal(context, signature, len(signature))
        return bool(found == GOOD_SIGNATURE)

    def encrypt(self, plain: bytes, *, public_der: bytes) -> bytes:
        """Return the encrypted bytes in DER.

        Raises:
            Sm2Failed: the key.
        """
        room = len(plain) + CIPHER_SLACK_BYTES
        with self._public_key(public_der) as key, self._working(key) as context:
            _require(self._library.EVP_PKEY_encrypt_init(context))
            return _collect(self._library.EVP_PKEY_encrypt, context, plain, room)

    def decrypt(self, cipher: bytes, *, private_der: bytes) -> bytes:
        """Return the plain bytes.

        Raises:
            Sm2Failed: the key, or bytes that were not encrypted for it.
        """
        with self._private_key(private_der) as key, self._working(key) as context:
            _require(self._library.EVP_PKEY_decrypt_init(context))
            return _collect(self._library.EVP_PKEY_decrypt, context, cipher, len(cipher))

    @contextmanager
    def _private_key(self, der: bytes) -> Generator[int]:
        yield from self._key(self._library.d2i_AutoPrivateKey, der)

    @contextmanager
    def _public_key(self, der: bytes) -> Generator[int]:
        yield from self._key(self._library.d2i_PUBKEY, der)

    def _key(self, read: Callable[..., int], der: bytes) -> Generator[int]:
        library = self._library
        # What failed earlier in this thread must not be taken for this call's.
        library.ERR_clear_error()
        key = read(None, ctypes.byref(ctypes.c_char_p(der)), len(der))
        if not key:
            raise Sm2Failed(detail="no key")
        try:
            if library.EVP_PKEY_is_a(key, b"SM2") != DONE:
                raise Sm2Failed(detail="a key of another curve")
            yield key
        finally:
            library.EVP_PKEY_free(key)

    @contextmanager
    def _working(self, key: int) -> Generator[int]:
        context = self._library.EVP_PKEY_CTX_new(key, None)
        _require(bool(context))
        try:
            yield context
        finally:
            self._library.EVP_PKEY_CTX_free(context)

    @contextmanager
    def _digesting(self, key: int, signer_id: bytes) -> Generator[int]:
        library = self._library
        with self._working(key) as working:
            # Before the digest begins: the id is part of Z, which is digested first (GB/T
            # 32918.2, section 5.5).
            _require(library.EVP_PKEY_CTX_set1_id(working, signer_id, len(signer_id)))
            context = library.EVP_MD_CTX_new()
            _require(bool(context))
            try:
                library.EVP_MD_CTX_set_pkey_ctx(context, working)
                yield context
            finally:
                library.EVP_MD_CTX_free(context)


def _require(result: int) -> None:
    if result != DONE:
        raise Sm2Failed(detail="libcrypto refused")


def _collect(work: Callable[..., int], context: int, given: bytes, room: int) -> bytes:
    size = ctypes.c_size_t(room)
    made = ctypes.create_string_buffer(room)
    _require(work(context, made, ctypes.byref(size), given, len(given)))
    return made.raw[: size.value]
