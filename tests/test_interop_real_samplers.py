"""The samplers of k-diffusion, diffusers and deepinv themselves, on denoisers of images whose flow is known.

They need an environment of their own: `CONTRIBUTING.md` has its command.
"""

import numpy as np
import pytest

from exactnorm import baselines, closed_form
from exactnorm.interop import EDMDenoiser, EpsilonPrediction

pytestmark = [
    pytest.mark.samplers,
    # Other people's libraries warn of each other.
    pytest.mark.filterwarnings("default"),
]

# Three images of one channel and 2×2 pixels, at right angles seen from the first.
IMAGES = np.array([[[[0.2, 0.1], [0.3, 0.4]]], [[[1.2, 0.1], [0.3, 0.4]]], [[[0.2, 0.1], [0.3, 2.4]]]])
POINTS = IMAGES.reshape(3, -1)
ALPHA = 0.1
TOP = 2.0
# Single precision, a thousand steps; and a sampler divides by its last level, 0.01, what it multiplied by 2.
ROUNDING = 200 * 64 * 2.0**-24


def path(rho):
    return closed_form.orthogonal(POINTS, rho)


@pytest.fixture(scope="module")
def torch():
    # Imported, not skipped: where these tests are asked for, the libraries must be there.
    import torch

    return torch


@pytest.fixture
def starts(torch):
    noise = np.random.default_rng(1).standard_normal((6, 1, 2, 2))
    return torch.tensor(IMAGES.mean(axis=0) + 0.6 * noise, dtype=torch.float32)


def exact(starts):
    """Where the probability flow ends that is at these images at the first level: one denoising step (proved)."""
    return path(ALPHA * TOP)(starts.double().numpy().reshape(len(starts), -1)).reshape(starts.shape)


@pytest.mark.parametrize(
    "name", ["euler", "heun", "dpm_2", "lms", "dpmpp_2m", "euler_ancestral", "dpm_2_ancestral", "dpmpp_2s_ancestral"]
)
@pytest.mark.parametrize("steps", [1, 2, 30])
def test_samplers_of_k_diffusion_end_where_the_flow_ends(torch, starts, name, steps):
    from k_diffusion import sampling

    sample = getattr(sampling, f"sample_{name}")
    denoise = EDMDenoiser(path, ALPHA)
    sigmas = sampling.get_sigmas_karras(max(steps, 2), 0.01, TOP)
    sigmas = sigmas if steps > 1 else sigmas[[0, -1]]
    extra = {"eta": 0.0} if "ancestral" in name else {}
    end = sample(denoise, starts, sigmas, disable=True, **extra)
    assert (end.dtype, end.shape) == (torch.float32, starts.shape)
    # Every coordinate is affine in σ, so that none of these deterministic samplers makes an error.
    assert np.abs(end.numpy() - exact(starts)).max() < ROUNDING


@pytest.mark.parametrize("name", ["dpmpp_2m_sde", "dpmpp_3m_sde", "dpmpp_sde"])
def test_stochastic_samplers_of_k_diffusion_end_at_finite_images(torch, starts, name):
    from k_diffusion import sampling

    torch.manual_seed(0)
    sigmas = sampling.get_sigmas_karras(10, 0.01, TOP)
    end = getattr(sampling, f"sample_{name}")(EDMDenoiser(path, ALPHA), starts, sigmas, disable=True)
    assert torch.isfinite(end).all()
    # The last step is a denoising step at a small radius: inside the hyperbox of the three images.
    low, high = IMAGES.min(axis=0) - 0.01, IMAGES.max(axis=0) + 0.01
    assert (low <= end.numpy()).all()
    assert (end.numpy() <= high).all()


def looped(scheduler, model, x, steps):
    """The loop that diffusers' pipelines have."""
    scheduler.set_timesteps(steps)
    for t in scheduler.timesteps:
        x = scheduler.step(model(scheduler.scale_model_input(x, t), t), t, x).prev_sample
    return x


@pytest.mark.parametrize("spacing", ["linspace", "leading", "trailing"])
@pytest.mark.parametrize(
    ("name", "options"),
    [("EulerDiscreteScheduler", {}), ("HeunDiscreteScheduler", {}), ("LMSDiscreteScheduler", {})],
)
def test_schedulers_of_diffusers_in_noise_levels_end_where_the_flow_ends(torch, starts, name, options, spacing):
    import diffusers

    schedule = {"beta_start": 1e-4, "beta_end": 0.01, "num_train_timesteps": 400, "timestep_spacing": spacing}
    scheduler = getattr(diffusers, name)(**schedule, **options)
    predict = EpsilonPrediction(EDMDenoiser(path, ALPHA), scheduler.alphas_cumprod)
    scheduler.set_timesteps(20)
    top = float(scheduler.sigmas[0])
    assert 0 < ALPHA * top < 0.5
    end = looped(scheduler, predict, starts, 20)
    assert end.dtype == torch.float32
    expected = path(ALPHA * top)(starts.double().numpy().reshape(6, -1)).reshape(starts.shape)
    assert np.abs(end.numpy() - expected).max() < ROUNDING


@pytest.mark.parametrize("kind", ["epsilon", "sample"])
@pytest.mark.parametrize("name", ["DDIMScheduler", "DPMSolverMultistepScheduler", "UniPCMultistepScheduler"])
def test_schedulers_of_diffusers_that_preserve_variance_end_near_where_the_flow_ends(torch, starts, name, kind):
    import diffusers

    options = {"clip_sample": False} if name == "DDIMScheduler" else {}
    scheduler = getattr(diffusers, name)(
        beta_start=1e-4, beta_end=0.01, num_train_timesteps=400, prediction_type=kind, **options
    )
    signal = scheduler.alphas_cumprod
    denoise = EDMDenoiser(path, ALPHA)
    predict = EpsilonPrediction(denoise, signal)

    def clean(x, t):
        return denoise(x / signal[t].sqrt(), ((1 - signal[t]) / signal[t]).sqrt())

    scheduler.set_timesteps(50)
    first = signal[scheduler.timesteps[0]]
    x = first.sqrt() * starts
    end = looped(scheduler, predict if kind == "epsilon" else clean, x, 50)
    top = float(((1 - first) / first).sqrt())
    expected = path(ALPHA * top)(starts.double().numpy().reshape(6, -1)).reshape(starts.shape)
    # The last scheduled level is not 0 with all of them: one more radius of it may be left.
    assert torch.isfinite(end).all()
    assert np.abs(end.numpy() - expected).max() < 0.02


def test_edm_scheduler_of_diffusers_takes_the_denoiser_behind_its_own_preconditioning(starts):
    import diffusers

    scheduler = diffusers.EDMEulerScheduler(sigma_min=0.01, sigma_max=TOP, sigma_data=0.5)
    denoise = EDMDenoiser(path, ALPHA)
    scheduler.set_timesteps(30)
    x = starts
    for t, sigma in zip(scheduler.timesteps, scheduler.sigmas, strict=False):
        scheduler.scale_model_input(x, t)
        c_skip = 0.25 / (sigma**2 + 0.25)
        c_out = 0.5 * sigma / (sigma**2 + 0.25) ** 0.5
        x = scheduler.step((denoise(x, sigma) - c_skip * x) / c_out, t, x).prev_sample
    assert np.abs(x.numpy() - exact(starts)).max() < ROUNDING


def test_priors_of_deepinv_take_it_as_their_denoiser(torch, starts):
    from deepinv.optim.prior import PnP, ScorePrior

    denoise = EDMDenoiser(path, ALPHA)
    expected = denoise(starts, 0.5)
    assert torch.equal(PnP(denoiser=denoise).prox(starts, sigma_denoiser=0.5), expected)
    levels = torch.tensor([0.5, 1.0] * 3)
    assert torch.equal(PnP(denoiser=denoise).prox(starts, sigma_denoiser=levels), denoise(starts, levels))
    score = ScorePrior(denoiser=denoise).score(starts, 0.5)
    assert torch.allclose(score, (expected - starts) / 0.25, rtol=0, atol=1e-5)


def test_plug_and_play_of_deepinv_restores_an_image_of_the_training_set(torch):
    from deepinv.optim.data_fidelity import L2
    from deepinv.physics import Denoising, GaussianNoise
    from deepinv.sampling import DiffPIR

    torch.manual_seed(0)
    clean = torch.tensor(IMAGES[1:2], dtype=torch.float32)
    physics = Denoising(GaussianNoise(0.05))
    # It begins at levels where balls would overlap.
    denoise = EDMDenoiser(path, ALPHA, high_noise=baselines.EmpiricalMMSE(POINTS), max_rho=0.4)
    end = DiffPIR(denoise, data_fidelity=L2(), sigma=0.05, max_iter=20, device="cpu")(physics(clean), physics)
    with pytest.raises(ValueError, match="give a stand-in"):
        DiffPIR(EDMDenoiser(path, ALPHA), data_fidelity=L2(), sigma=0.05, max_iter=20, device="cpu")(clean, physics)
    assert end.shape == clean.shape
    assert float((end - clean).abs().max()) < 0.2
