using System.Globalization;
using Google.Protobuf;
using KaTrace.Events;
using KaTrace.Output;
using KaTrace.V1;

namespace KaTrace.Benchmarks.Fanout;

/// <summary>The measured process: encodes so many events as it is asked for, and tells its CPU time and the bytes.</summary>
internal static class Encoder
{
    private const int Distinct = 1024;

    public static int Run(string kind)
    {
        EventRecord[] records = [.. Enumerable.Range(0, Distinct).Select(i => MadeEvents.Next((ulong)i))];
        byte[] buffer = new byte[4096];
        Console.WriteLine("ready");
        while (Console.ReadLine() is { Length: > 0 } line)
        {
            ulong count = ulong.Parse(line, CultureInfo.InvariantCulture);
            TimeSpan before = Environment.CpuUsage.TotalTime;
            ulong bytes = kind == "ours" ? EncodeRecords(records, buffer, count) : EncodeMessages(records, buffer, count);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{(Environment.CpuUsage.TotalTime - before).TotalNanoseconds:0} {bytes}"));
        }

        return 0;
    }

    private static ulong EncodeRecords(EventRecord[] records, byte[] buffer, ulong count)
    {
        ulong bytes = 0;
        for (ulong number = 0; number < count; number++)
            bytes += (ulong)ProtoEventWriter.Write(buffer, in records[number % Distinct], MadeEvents.Process, number, MadeEvents.Clock);
        return bytes;
    }

    private static ulong EncodeMessages(EventRecord[] records, byte[] buffer, ulong count)
    {
        ulong bytes = 0;
        for (ulong number = 0; number < count; number++)
        {
            Event message = EventMessage.From(in records[number % Distinct], MadeEvents.Process, number, MadeEvents.Clock, "");
            int length = message.CalculateSize();
            message.WriteTo(buffer.AsSpan(0, length));
            bytes += (ulong)length;
        }

        return bytes;
    }
}
