using KaTrace.Sockets;

namespace KaTrace.Cli.Listing;

/// <summary>A format of the list.</summary>
internal interface IRowWriter
{
    /// <summary>Headings, where the format has any.</summary>
    void WriteHeader();

    /// <summary>One line.</summary>
    void Write(in SocketRow row);
}
