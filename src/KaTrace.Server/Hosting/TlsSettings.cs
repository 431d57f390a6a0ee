namespace KaTrace.Server.Hosting;

/// <summary>Files in PEM.</summary>
internal sealed record TlsSettings
{
    /// <summary>The server's certificate, and those of the authorities between it and the client's root.</summary>
    public required string CertificateFile { get; init; }

    public required string KeyFile { get; init; }

    /// <summary>Authorities whose certificates clients must show; null: clients need none.</summary>
    public string? ClientCaFile { get; init; }
}
