using System.Globalization;
using KaTrace.Fuzz;
using SharpFuzz;

// --blind INPUTS SEED CORPUS: all in this process.
if (args is ["--blind", string inputs, string seed, string corpus])
    return Blind.Run(long.Parse(inputs, CultureInfo.InvariantCulture), int.Parse(seed, CultureInfo.InvariantCulture), corpus);

// Under afl-fuzz one input comes after the other; with arguments, these files are read once, as when a crash is looked at.
if (args.Length == 0)
{
    Fuzzer.OutOfProcess.Run(stream =>
    {
        using MemoryStream input = new();
        stream.CopyTo(input);
        CaptureTarget.Run(input.ToArray());
    });
}

foreach (string path in args)
{
    Console.WriteLine(path);
    CaptureTarget.Run(File.ReadAllBytes(path));
}

return 0;
