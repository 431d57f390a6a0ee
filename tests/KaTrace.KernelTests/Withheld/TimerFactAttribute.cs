using System.Runtime.CompilerServices;
using Xunit.Sdk;
using Xunit.v3;

namespace KaTrace.KernelTests.Withheld;

/// <summary>A test that needs every run of a timer to be seen: see <see cref="TimerTestCase"/>.</summary>
[AttributeUsage(AttributeTargets.Method)]
[XunitTestCaseDiscoverer(typeof(Discoverer))]
internal sealed class TimerFactAttribute([CallerFilePath] string? file = null, [CallerLineNumber] int line = -1) : FactAttribute(file, line)
{
    private sealed class Discoverer : FactDiscoverer
    {
        public override async ValueTask<IReadOnlyCollection<IXunitTestCase>> Discover(ITestFrameworkDiscoveryOptions discoveryOptions, IXunitTestMethod testMethod, IFactAttribute factAttribute) =>
            TimerTestCase.Of(await base.Discover(discoveryOptions, testMethod, factAttribute));
    }
}

/// <summary>The same, for several values.</summary>
[AttributeUsage(AttributeTargets.Method)]
[XunitTestCaseDiscoverer(typeof(Discoverer))]
internal sealed class TimerTheoryAttribute([CallerFilePath] string? file = null, [CallerLineNumber] int line = -1) : TheoryAttribute(file, line)
{
    private sealed class Discoverer : TheoryDiscoverer
    {
        public override async ValueTask<IReadOnlyCollection<IXunitTestCase>> Discover(ITestFrameworkDiscoveryOptions discoveryOptions, IXunitTestMethod testMethod, IFactAttribute factAttribute) =>
            TimerTestCase.Of(await base.Discover(discoveryOptions, testMethod, factAttribute));
    }
}
