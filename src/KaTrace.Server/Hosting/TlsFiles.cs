using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace KaTrace.Server.Hosting;

/// <summary>Certificates as they are on disk: read again when the files change, so that renewing one needs no restart.</summary>
internal sealed class TlsFiles
{
    private readonly TlsSettings _settings;
    private readonly Action<string> _warn;
    private readonly Lock _lock = new();
    private SslServerAuthenticationOptions _options;
    private DateTime _readAt;

    /// <param name="settings">Where they are.</param>
    /// <param name="warn">Told why new files cannot be used; the old ones then stay in use.</param>
    /// <exception cref="IOException">They cannot be used; the message says why.</exception>
    public TlsFiles(TlsSettings settings, Action<string> warn)
    {
        (_settings, _warn) = (settings, warn);
        _readAt = LastWrite();
        _options = Read();
    }

    /// <summary>For the next handshake.</summary>
    public SslServerAuthenticationOptions Options
    {
        get
        {
            lock (_lock)
            {
                DateTime written = LastWrite();
                if (written != _readAt)
                {
                    _readAt = written;
                    try
                    {
                        _options = Read();
                    }
                    catch (IOException e)
                    {
                        _warn($"{e.Message}; the certificates read before stay in use");
                    }
                }

                return _options;
            }
        }
    }

    private DateTime LastWrite() => new[] { _settings.CertificateFile, _settings.KeyFile, _settings.ClientCaFile }
        .OfType<string>().Max(File.GetLastWriteTimeUtc);

    private SslServerAuthenticationOptions Read()
    {
        X509Certificate2Collection chain = Import(_settings.CertificateFile);
        X509Certificate2 certificate = ReadOwn();
        chain.RemoveAt(0);
        return new SslServerAuthenticationOptions
        {
            ServerCertificateContext = SslStreamCertificateContext.Create(certificate, chain, offline: true),
            ApplicationProtocols = [SslApplicationProtocol.Http2],
            ClientCertificateRequired = _settings.ClientCaFile is not null,
            RemoteCertificateValidationCallback = _settings.ClientCaFile is null ? null : static (_, _, _, errors) => errors == SslPolicyErrors.None,
            CertificateChainPolicy = _settings.ClientCaFile is { } authorities ? ClientPolicy(authorities) : null,
        };
    }

    private static X509ChainPolicy ClientPolicy(string authorities)
    {
        X509ChainPolicy policy = new()
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck,
            DisableCertificateDownloads = true,
            ApplicationPolicy = { new Oid("1.3.6.1.5.5.7.3.2") }, // id-kp-clientAuth
        };
        policy.CustomTrustStore.AddRange(Import(authorities));
        return policy;
    }

    private X509Certificate2 ReadOwn()
    {
        try
        {
            return X509Certificate2.CreateFromPemFile(_settings.CertificateFile, _settings.KeyFile);
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException or IOException or UnauthorizedAccessException)
        {
            throw new IOException($"cannot use the certificate {_settings.CertificateFile} with the key {_settings.KeyFile}: {e.Message}", e);
        }
    }

    private static X509Certificate2Collection Import(string file)
    {
        X509Certificate2Collection certificates = [];
        try
        {
            certificates.ImportFromPemFile(file);
        }
        catch (Exception e) when (e is CryptographicException or IOException or UnauthorizedAccessException)
        {
            throw new IOException($"cannot read the certificates in {file}: {e.Message}", e);
        }

        return certificates.Count > 0 ? certificates : throw new IOException($"cannot read the certificates in {file}: it holds none in PEM");
    }
}
