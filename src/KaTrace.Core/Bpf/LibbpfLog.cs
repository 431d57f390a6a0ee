using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using KaTrace.Interop;

namespace KaTrace.Bpf;

/// <summary>What libbpf says while an object is opened, loaded and attached: kept for error messages, never printed.</summary>
/// <remarks>libbpf's print callback belongs to the process, so this does too. Load and attach on one thread at a time.</remarks>
internal static unsafe class LibbpfLog
{
    private const int KeptLines = 40;
    private const int MessageSize = 256 * 1024; // a verifier log comes as one message

    private static readonly Lock Gate = new();
    private static readonly List<string> Lines = [];
    private static byte* _message;

    public static void Install()
    {
        lock (Gate)
        {
            if (_message == null)
            {
                _message = (byte*)NativeMemory.Alloc(MessageSize);
                _ = Libbpf.libbpf_set_print(&Print);
            }
        }
    }

    public static void Clear()
    {
        lock (Gate)
            Lines.Clear();
    }

    /// <summary>The last lines, oldest first.</summary>
    public static string Text
    {
        get
        {
            lock (Gate)
                return string.Join('\n', Lines.Skip(Math.Max(0, Lines.Count - KeptLines)));
        }
    }

    /// <summary>The program that the verifier refused, or null: bpf_object__load itself only says that one was.</summary>
    public static string? RefusedProgram
    {
        get
        {
            const string Start = "prog '";
            lock (Gate)
            {
                foreach (string line in Lines)
                {
                    int at = line.IndexOf(Start, StringComparison.Ordinal);
                    if (at < 0 || !line.Contains("failed to load", StringComparison.Ordinal)
                        && !line.Contains("load failed", StringComparison.Ordinal)
                        && !line.Contains("failed to find", StringComparison.Ordinal)
                        && !line.Contains("failed to prepare", StringComparison.Ordinal)
                        && !line.Contains("relo", StringComparison.Ordinal))
                        continue;

                    at += Start.Length;
                    int end = line.IndexOf('\'', at);
                    if (end > at)
                        return line[at..end];
                }
            }

            return null;
        }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Print(int level, byte* format, void* args)
    {
        if (level != Libbpf.LIBBPF_WARN)
            return 0;

        try
        {
            lock (Gate)
            {
                int length = Math.Min(Libc.vsnprintf(_message, MessageSize, format, args), MessageSize - 1);
                if (length > 0)
                {
                    string text = Encoding.UTF8.GetString(_message, length);
                    Lines.AddRange(text.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries));
                }
            }
        }
        catch (Exception e) when (e is OutOfMemoryException or ArgumentException)
        {
            // An exception that leaves a native callback ends the process; a lost log line does not matter.
        }

        return 0;
    }
}
