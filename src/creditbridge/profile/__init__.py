"""The one credit profile: what a bank sees, in our words, sealed.

    codes, tables     the closed sets, and what their values mean
    record, section   what every record and every section have in common
    sections          one file per section: its record, how it may be shown, its flags
    merge             several platforms' answers as one
    suppression       what the law withholds
    flags             facts with evidence
    model, seal       the envelope and its signature

Pure: no disk, no network, no clock.
"""
