using System.Text;
using CsCheck;
using KaTrace.Processes;

namespace KaTrace.Tests.Processes;

/// <summary>What a process can choose of its own files in /proc may be anything: it is read, or not, and nothing else happens.</summary>
public sealed class HostileProcTests
{
    private static readonly Gen<string> Pieces = Gen.OneOf(
        Gen.String[Gen.Char["/:-._ @=abcdef0123456789\n\t\\"], 0, 12],
        RandomEvents.OneOf(
            "docker-", "cri-containerd-", "libpod-", "kubepods-", "pod", ".slice", ".scope", ".service", "name=systemd", "0::/",
            new string('a', 64), "0c1e2a3b-4d5f-6071-8293-a4b5c6d7e8f9", "0c1e2a3b4d5f60718293a4b5c6d7e8f9"));

    private static readonly Gen<string> Texts = Pieces.Array[0, 12].Select(string.Concat);

    [Fact]
    public void Any_control_group_is_read() => Texts.Sample(text =>
    {
        ControlGroups groups = ControlGroups.Parse(text);
        return groups.Container?.Id.Length is null or 64 && groups.PodUid?.Length is null or 32 or 36 && groups.Unit?.Length is null or <= 256;
    });

    [Fact]
    public void Any_command_line_is_read() =>
        Gen.Select(RandomEvents.OneOf("python3", "perl", "ruby", "php", "node", "java", "dotnet", "nginx"), Texts.Array[0, 6]).Sample((executable, arguments) =>
        {
            string? program = Interpreter.ProgramOf(executable, [executable, .. arguments]);
            return program is null || arguments.Any(argument => argument.Contains(program, StringComparison.Ordinal));
        });

    [Fact]
    public void Any_stat_and_status_are_read() => Texts.Sample(text =>
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        _ = ProcessStat.TryParseStart(bytes, out _);
        _ = ProcessStat.Number(bytes, "\n"u8, 3);
    });
}
