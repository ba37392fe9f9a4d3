"""Evidence by theorem: points on one-sided rays, whose least cost is known."""

from exactnorm.certify.rays.one_sided import one_sided_rays, rays_lower_bound

__all__ = ["one_sided_rays", "rays_lower_bound"]
