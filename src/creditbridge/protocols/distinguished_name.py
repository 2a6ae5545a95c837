"""Names in certificates, as they are compared, as in RFC 5280."""

from cryptography import x509


def fold_name(name: x509.Name) -> str:
    """Return a name as it is compared: without case, kind of string and spare blanks (section 7.1).

    TLS libraries chain two spellings of one name; nothing here must be missed over the difference.
    """
    return "\n".join(
        "+".join(
            sorted(
                f"{part.oid.dotted_string}={' '.join(_text_of(part).casefold().split())}"
                for part in rdn
            )
        )
        for rdn in name.rdns
    )


def _text_of(part: "x509.NameAttribute[str | bytes]") -> str:
    return part.value if isinstance(part.value, str) else part.value.hex()
