namespace KaTrace.Processes;

/// <summary>A program that runs others, by whose names their owner knows them. What it runs, its command line says.</summary>
internal sealed class Interpreter
{
    private static readonly Interpreter[] All =
    [
        new("python", "pypy") { Values = ["-W", "-X", "-Q", "--check-hash-based-pycs"], Programs = ["-m"], Texts = ["-c"] },
        new("ruby")
        {
            Values = ["-C", "-E", "-I", "-r", "--encoding", "--external-encoding", "--internal-encoding"],
            Attached = ["-F", "-K", "-T", "-W", "-i", "-x", "-0"],
            Texts = ["-e"],
        },
        new("perl") { Values = ["-I"], Attached = ["-C", "-D", "-F", "-M", "-V", "-d", "-i", "-l", "-m", "-x", "-0"], Texts = ["-e", "-E"] },
        new("php")
        {
            Values = ["-S", "-c", "-d", "-t", "-z", "--define", "--docroot", "--php-ini", "--server"],
            Programs = ["-f", "--file"],
            Texts = ["-r", "-B", "-E", "-R", "--run"],
        },
        new("node", "nodejs")
        {
            Words = true,
            Values = ["-C", "-r", "--conditions", "--experimental-loader", "--import", "--loader", "--require"],
            Texts = ["-e", "-p", "-pe", "--eval", "--print"],
        },
        new("java")
        {
            Words = true,
            Values =
            [
                "-classpath", "-cp", "-p", "--add-exports", "--add-modules", "--add-opens", "--add-reads", "--class-path",
                "--enable-native-access", "--limit-modules", "--module-path", "--patch-module", "--source", "--upgrade-module-path",
            ],
            Programs = ["-jar", "-m", "--module"],
        },
        new("dotnet")
        {
            Words = true,
            Values =
            [
                "--additional-deps", "--additionalprobingpath", "--depsfile", "--fx-version", "--roll-forward",
                "--roll-forward-on-no-candidate-fx", "--runtimeconfig",
            ],
            RunsAssemblies = true,
        },
    ];

    private readonly string[] _names;

    private Interpreter(params string[] names) => _names = names;

    /// <summary>Options are words behind one hyphen or two, not letters that may stand together.</summary>
    private bool Words { get; init; }

    /// <summary>Options with a value, in the same argument or in the next.</summary>
    private string[] Values { get; init; } = [];

    /// <summary>Letters whose value, if any, is in the same argument.</summary>
    private string[] Attached { get; init; } = [];

    /// <summary>Options whose value is the program: a module, a jar.</summary>
    private string[] Programs { get; init; } = [];

    /// <summary>Options whose value is the program's text, which thus has no name.</summary>
    private string[] Texts { get; init; } = [];

    private bool RunsAssemblies { get; init; }

    /// <summary>The script, module, jar, main class or assembly that is run. Null: this is no interpreter, or what it runs has no
    /// name, or it cannot be told for sure.</summary>
    /// <param name="executable">Path of what runs; null if unknown.</param>
    /// <param name="arguments">The first is the name it was called by.</param>
    public static string? ProgramOf(string? executable, ReadOnlySpan<string> arguments)
    {
        if (arguments.IsEmpty)
            return null;
        string name = NameOf(executable ?? arguments[0]);
        foreach (Interpreter interpreter in All)
        {
            if (interpreter._names.Contains(name))
                return interpreter.FindProgram(arguments[1..]);
        }

        return null;
    }

    /// <summary>"/usr/bin/python3.11" is python.</summary>
    private static string NameOf(string path)
    {
        const string Deleted = " (deleted)"; // d_path() of the kernel, once an upgrade has replaced the file
        string file = path.EndsWith(Deleted, StringComparison.Ordinal) ? path[..^Deleted.Length] : path;
        return Path.GetFileName(file).TrimEnd("0123456789.-".ToCharArray());
    }

    private string? FindProgram(ReadOnlySpan<string> arguments)
    {
        for (int i = 0; i < arguments.Length; i++)
        {
            string argument = arguments[i];
            if (argument is ['@', ..] && Words)
                return null; // a file of arguments (java): the program may be in there
            if (argument is not ['-', _, ..])
            {
                if (RunsAssemblies && argument == "exec")
                    continue;
                return argument == "-" ? null : Named(argument);
            }

            (string option, string? value) = Split(argument);
            if (Texts.Contains(option))
                return null;
            bool names = Programs.Contains(option);
            if (value is null && (names || Values.Contains(option)))
                value = ++i < arguments.Length ? arguments[i] : null;
            if (names)
                return value;
        }

        return null;
    }

    /// <summary>The option that takes a value, and the value if it is in the same argument.</summary>
    private (string Option, string? Value) Split(string argument)
    {
        if (Words || argument.StartsWith("--", StringComparison.Ordinal))
        {
            int equals = argument.IndexOf('=', StringComparison.Ordinal);
            return equals < 0 ? (argument, null) : (argument[..equals], argument[(equals + 1)..]);
        }

        for (int i = 1; i < argument.Length; i++)
        {
            string letter = $"-{argument[i]}";
            if (Attached.Contains(letter))
                return (letter, argument[(i + 1)..]);
            if (Values.Contains(letter) || Programs.Contains(letter) || Texts.Contains(letter))
                return (letter, i + 1 < argument.Length ? argument[(i + 1)..] : null);
        }

        return (argument, null);
    }

    /// <summary>An assembly is known by its name, as the runtime says it; what else dotnet is given is a command of the SDK.</summary>
    private string? Named(string program)
    {
        if (!RunsAssemblies)
            return program;
        return program.EndsWith(".dll", StringComparison.OrdinalIgnoreCase) || program.EndsWith(".exe", StringComparison.OrdinalIgnoreCase)
            ? Path.GetFileNameWithoutExtension(program)
            : null;
    }
}
