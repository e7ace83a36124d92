#!/usr/bin/python3
"""Prints the figures of rate_schedule_test.c: what PyTorch's schedulers give, stepped once an epoch."""
import torch


def rates(make, lr, epochs=7):
    optimiser = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=lr)
    scheduler = make(optimiser)
    found = []
    for _ in range(epochs):
        found.append(optimiser.param_groups[0]["lr"])
        optimiser.step()
        scheduler.step()
    return ", ".join(f"{rate:.17g}" for rate in found)


schedulers = torch.optim.lr_scheduler
print(rates(lambda o: schedulers.CosineAnnealingLR(o, T_max=7, eta_min=0.001), 0.01))
print(rates(lambda o: schedulers.StepLR(o, step_size=3, gamma=0.2), 0.3))
