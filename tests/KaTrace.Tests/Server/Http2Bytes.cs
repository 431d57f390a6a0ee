using System.Buffers.Binary;
using System.Text;
using KaTrace.V1;

namespace KaTrace.Tests.Server;

/// <summary>HTTP/2 as bytes (RFC 9113), for what no library would send.</summary>
internal static class Http2Bytes
{
    private const byte Data = 0, Headers = 1, Reset = 3, Settings = 4, Ping = 6;
    private const byte EndStream = 1, EndHeaders = 4;

    /// <summary>What a connection begins with.</summary>
    public static byte[] Preface { get; } = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8.ToArray();

    public static byte[] SettingsOf(params (ushort Id, uint Value)[] settings)
    {
        byte[] payload = new byte[settings.Length * 6];
        for (int i = 0; i < settings.Length; i++)
        {
            BinaryPrimitives.WriteUInt16BigEndian(payload.AsSpan(i * 6), settings[i].Id);
            BinaryPrimitives.WriteUInt32BigEndian(payload.AsSpan((i * 6) + 2), settings[i].Value);
        }

        return Frame(Settings, 0, 0, payload);
    }

    public static byte[] PingFrame { get; } = Frame(Ping, 0, 0, new byte[8]);

    /// <summary>StreamEvents with an empty request.</summary>
    public static byte[] Subscribe(uint stream)
    {
        // HPACK (RFC 7541) without a table: ":method: POST" and ":scheme: http" are 3 and 6 of the static one.
        byte[] head = [0x83, 0x86, .. Indexed(4, $"/{Katrace.Descriptor.FullName}/StreamEvents"), .. Indexed(1, "localhost"), .. Named("content-type", "application/grpc"), .. Named("te", "trailers")];
        return [.. Frame(Headers, EndHeaders, stream, head), .. Frame(Data, EndStream, stream, new byte[5])];
    }

    public static byte[] ResetOf(uint stream) => Frame(Reset, 0, stream, [0, 0, 0, 8]);

    public static byte[] Frame(byte type, byte flags, uint stream, byte[] payload)
    {
        byte[] frame = [(byte)(payload.Length >> 16), (byte)(payload.Length >> 8), (byte)payload.Length, type, flags, 0, 0, 0, 0, .. payload];
        BinaryPrimitives.WriteUInt32BigEndian(frame.AsSpan(5), stream);
        return frame;
    }

    private static byte[] Indexed(byte name, string value) => [name, .. Text(value)];

    private static byte[] Named(string name, string value) => [0, .. Text(name), .. Text(value)];

    private static byte[] Text(string text) => [(byte)text.Length, .. Encoding.ASCII.GetBytes(text)];
}
