using System.Globalization;
using KaTrace.Interop;

namespace KaTrace.Bpf;

/// <summary>Makes one sentence of an operation and its errno: what failed, the error by name, and what the user can do.</summary>
internal static class BpfAdvice
{
    public const string LibbpfMissing =
        "libbpf.so.1 is not installed; install it with: apt-get install libbpf1 (Debian, Ubuntu), dnf install libbpf (Fedora), zypper install libbpf1 (SUSE)";

    public const int EPERM = 1;
    public const int ENOENT = 2;
    private const int E2BIG = 7;
    private const int ENOMEM = 12;
    private const int EACCES = 13;
    private const int EINVAL = 22;
    private const int ENOSYS = 38;
    private const int EOPNOTSUPP = 95;
    private const int ENOTSUPP = 524; // the kernel's own, without a name in errno(3)

    /// <summary>linux/capability.h</summary>
    private static readonly (int Bit, string Name)[] Needed = [(39, "CAP_BPF"), (38, "CAP_PERFMON"), (12, "CAP_NET_ADMIN")];
    private const int CapSysAdmin = 21;

    public static BpfException Explain(string operation, int errno)
    {
        string log = LibbpfLog.Text;
        string message = $"cannot {operation}: {Errno.Name(errno)}";
        return Reason(errno) is { } reason
            ? new BpfNotSupportedException($"{message}; {reason}", log) { Errno = errno }
            : new BpfException(LastLine(log) is { } last ? $"{message}; {last}" : message, log) { Errno = errno };
    }

    private static string? Reason(int errno) => errno switch
    {
        EPERM or EACCES when MissingCapabilities() is { } missing => $"missing {missing}: run it as root, or with sudo",
        EPERM or EACCES when Lockdown() == "confidentiality" =>
            "kernel lockdown is in confidentiality mode, which lets no program read kernel memory",
        EPERM => "all capabilities are there, so a sandbox (seccomp, LSM, container runtime) refuses it: run it outside",
        ENOENT or EINVAL or ENOSYS when !File.Exists("/sys/kernel/btf/vmlinux") =>
            "this kernel has no BTF (/sys/kernel/btf/vmlinux): it needs CONFIG_DEBUG_INFO_BTF, and Linux 5.10 or newer",
        ENOSYS => "this kernel has no such call: Linux 5.10 or newer is needed",
        ENOTSUPP or EOPNOTSUPP => "this kernel cannot do it",
        E2BIG => "this kernel is too old for it",
        ENOMEM => "the kernel has no memory for it: try a smaller --ring-size",
        _ => null,
    };

    /// <summary>Names of the capabilities that tracing needs and this process has not, or null.</summary>
    private static string? MissingCapabilities()
    {
        foreach (string line in File.ReadLines("/proc/self/status"))
        {
            if (!line.StartsWith("CapEff:", StringComparison.Ordinal))
                continue;

            ulong effective = ulong.Parse(line.AsSpan(7).Trim(), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
            if ((effective >> CapSysAdmin & 1) != 0)
                return null;

            string[] missing = [.. Needed.Where(c => (effective >> c.Bit & 1) == 0).Select(c => c.Name)];
            return missing.Length > 0 ? string.Join(", ", missing) : null;
        }

        return null;
    }

    private static string? Lockdown()
    {
        try
        {
            string modes = File.ReadAllText("/sys/kernel/security/lockdown");
            int start = modes.IndexOf('[', StringComparison.Ordinal), end = modes.IndexOf(']', StringComparison.Ordinal);
            return start >= 0 && end > start ? modes[(start + 1)..end] : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static string? LastLine(string log) => log.Length == 0 ? null : log[(log.LastIndexOf('\n') + 1)..];
}
