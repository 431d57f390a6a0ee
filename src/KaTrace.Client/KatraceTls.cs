namespace KaTrace.Client;

/// <summary>Certificates for a connection with TLS, as files in PEM.</summary>
public sealed record KatraceTls
{
    /// <summary>Authorities that are trusted; null: those of this host.</summary>
    public string? AuthorityFile { get; init; }

    /// <summary>The client's certificate, where the agent asks for one.</summary>
    public string? CertificateFile { get; init; }

    /// <summary>Its key; null: it is in the same file.</summary>
    public string? KeyFile { get; init; }

    /// <summary>The name that the agent's certificate is to have; null: the host of the address.</summary>
    public string? ServerName { get; init; }
}
