namespace KaTrace.Output;

/// <summary>How a time is shown to people, by the names of Go's and Hubble's layouts. Fractions always have all their
/// digits (Go's RFC3339Nano drops zeros), so that columns align.</summary>
internal enum TimeFormat
{
    /// <summary>Aug 21 10:46:34.123</summary>
    StampMilli,

    /// <summary>Aug 21 10:46:34</summary>
    Stamp,

    /// <summary>Aug 21 10:46:34.123456</summary>
    StampMicro,

    /// <summary>Aug 21 10:46:34.123456789</summary>
    StampNano,

    /// <summary>2026-08-21T10:46:34+02:00</summary>
    RFC3339,

    /// <summary>2026-08-21T10:46:34.123+02:00</summary>
    RFC3339Milli,

    /// <summary>2026-08-21T10:46:34.123456+02:00</summary>
    RFC3339Micro,

    /// <summary>2026-08-21T10:46:34.123456789+02:00</summary>
    RFC3339Nano,

    /// <summary>Fri, 21 Aug 2026 10:46:34 +0200</summary>
    RFC1123Z,
}
