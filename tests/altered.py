"""Certificates with something of them changed."""

from dataclasses import fields, replace

from exactnorm.certify import Certificate, Faces


def altered(certificate, **changes):
    """The certificate with some of its fields, or of those of its evidence, replaced."""
    own = {field.name for field in fields(Certificate)}
    evidence = {name: value for name, value in changes.items() if name not in own}
    stated = {name: value for name, value in changes.items() if name in own}
    if evidence:
        stated["evidence"] = replace(certificate.evidence, **evidence)
    return replace(certificate, **stated)


def face_by_face(certificate):
    """The certificate without its cells: B alone."""
    old = certificate.evidence
    return replace(certificate, evidence=Faces(old.frame, old.B, certificate.patterns))
