using System.Buffers.Binary;
using System.Text;

namespace KaTrace.Tests.Processes;

/// <summary>Makes what a .NET runtime answers, and what others might.</summary>
internal static class DiagnosticsAnswer
{
    public static byte[] Of(string assembly, string version) =>
        Message([.. Fixed, .. Text("dotnet Shop.dll"), .. Text("linux"), .. Text("x64"), .. Text(assembly), .. Text(version)]);

    /// <summary>pid and cookie.</summary>
    public static byte[] Fixed => new byte[24];

    public static byte[] Text(string text) => [.. Number((uint)text.Length + 1), .. Encoding.Unicode.GetBytes(text + '\0')];

    public static byte[] Number(uint number)
    {
        byte[] bytes = new byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, number);
        return bytes;
    }

    public static byte[] Message(byte[] payload, byte commandSet = 0xFF, byte command = 0)
    {
        ushort length = (ushort)(20 + payload.Length);
        return [.. "DOTNET_IPC_V1\0"u8, (byte)length, (byte)(length >> 8), commandSet, command, 0, 0, .. payload];
    }
}
