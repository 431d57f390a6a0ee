using KaTrace.Captures;

namespace KaTrace.Fuzz;

/// <summary>Changes captures without looking at what that reaches: many more a second than under afl-fuzz on a busy machine.</summary>
internal sealed class Mutator(IReadOnlyList<byte[]> corpus, int seed)
{
    private static readonly ulong[] OddNumbers = [0, 1, 7, 8, 255, 256, 0x7FFF, 0xFFFF, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF, CaptureFormat.MostBody, CaptureFormat.MostInfo, long.MaxValue, ulong.MaxValue];

    private readonly Random _random = new(seed);

    public byte[] Next()
    {
        byte[] input = [.. Pick()];
        for (int changes = 1 << _random.Next(5); changes > 0 && input.Length > 0; changes--)
            input = Change(input);
        return input;
    }

    private byte[] Pick() => corpus[_random.Next(corpus.Count)];

    private byte[] Change(byte[] input)
    {
        int at = _random.Next(input.Length);
        switch (_random.Next(8))
        {
            case 0:
                return input[..at];
            case 1:
                return [.. input[..at], .. input[_random.Next(at, input.Length)..]];
            case 2:
                byte[] other = Pick();
                return [.. input[..at], .. other[_random.Next(other.Length)..]];
            case 3:
                return [.. input[..at], .. input[_random.Next(input.Length)..]];
            case 4:
                input[at] ^= (byte)(1 << _random.Next(8));
                return input;
            case 5:
                input[at] = (byte)_random.Next(256);
                return input;
            default:
                byte[] number = BitConverter.GetBytes(OddNumbers[_random.Next(OddNumbers.Length)]);
                int aligned = at & ~3;
                number.AsSpan(0, Math.Min(_random.Next(2) == 0 ? 4 : 8, input.Length - aligned)).CopyTo(input.AsSpan(aligned));
                return input;
        }
    }
}
