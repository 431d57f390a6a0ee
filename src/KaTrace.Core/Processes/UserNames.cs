using System.Globalization;
using KaTrace.Interop;

namespace KaTrace.Processes;

/// <summary>Names of users by /etc/passwd of this host (passwd(5)): those of containers and of directories such as LDAP are not in it.
/// Thread-safe.</summary>
internal sealed class UserNames(string etc = "/etc")
{
    private const int MaxFileSize = 1 << 20;
    private static readonly TimeSpan LookAgain = TimeSpan.FromSeconds(10);

    private readonly Lock _lock = new();
    private Dictionary<uint, string> _names = [];
    private long _readAt;

    /// <summary>Null: there is none.</summary>
    public string? Find(uint uid)
    {
        lock (_lock)
        {
            // A user may have been added since.
            if (!_names.ContainsKey(uid) && (_readAt == 0 || TimeProvider.System.GetElapsedTime(_readAt) > LookAgain))
            {
                _names = Read();
                _readAt = TimeProvider.System.GetTimestamp();
            }

            return _names.GetValueOrDefault(uid);
        }
    }

    private Dictionary<uint, string> Read()
    {
        using OpenDirectory? directory = OpenDirectory.TryOpen(etc);
        byte[] buffer = new byte[MaxFileSize];
        int length = directory?.Read("passwd", buffer) ?? 0;
        return length > 0 ? Parse(HostileText.Decode(buffer.AsSpan(0, length))) : [];
    }

    /// <summary>Lines "name:password:uid:…"; of two names for one user the first counts, as for getpwuid(3).</summary>
    internal static Dictionary<uint, string> Parse(string text)
    {
        Dictionary<uint, string> names = [];
        foreach (string line in text.Split('\n'))
        {
            if (line.Split(':') is [{ Length: > 0 } name, _, var uid, ..]
                && uint.TryParse(uid, NumberStyles.None, CultureInfo.InvariantCulture, out uint number))
            {
                names.TryAdd(number, name);
            }
        }

        return names;
    }
}
