using System.Net;
using System.Net.Sockets;

namespace KaTrace.Benchmarks.Measuring;

/// <summary>A place to listen that nobody else uses.</summary>
internal sealed class TemporaryAddress : IDisposable
{
    private readonly DirectoryInfo? _directory;

    /// <param name="transport">unix or tcp.</param>
    public TemporaryAddress(string transport)
    {
        if (transport == "unix")
        {
            _directory = Directory.CreateTempSubdirectory("katrace-");
            Text = $"unix:{_directory.FullName}/s";
            return;
        }

        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        Text = listener.LocalEndpoint.ToString()!;
    }

    public string Text { get; }

    public void Dispose() => _directory?.Delete(recursive: true);
}
